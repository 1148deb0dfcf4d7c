package org.fednano.jinja.base;

import java.time.LocalDateTime;
import java.time.format.TextStyle;
import java.time.temporal.IsoFields;
import java.util.Locale;

/** {@code strftime} of a time without a zone, in the locale C. */
public final class Strftime {

    private Strftime() {}

    public static String format(String format, LocalDateTime t) {
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < format.length(); i++) {
            char c = format.charAt(i);
            if (c != '%') {
                out.append(c);
                continue;
            }
            boolean bare = format.startsWith("-", i + 1);
            i += bare ? 2 : 1;
            if (i >= format.length()) {
                throw JinjaException.unsupported("a time format that ends with %");
            }
            String field = field(format.charAt(i), t);
            out.append(bare ? unpadded(field) : field);
        }
        return out.toString();
    }

    private static String unpadded(String field) {
        String digits = field.strip();
        if (!digits.matches("[0-9]+")) {
            throw JinjaException.unsupported("the flag - for a name in a time format");
        }
        return digits.replaceFirst("^0+(?=[0-9])", "");
    }

    private static String field(char field, LocalDateTime t) {
        return switch (field) {
            case 'Y', 'G' -> String.valueOf(field == 'Y' ? t.getYear() : t.get(IsoFields.WEEK_BASED_YEAR));
            case 'C' -> digits(2, t.getYear() / 100);
            case 'y', 'g' -> digits(2, (field == 'y' ? t.getYear() : t.get(IsoFields.WEEK_BASED_YEAR)) % 100);
            case 'm' -> digits(2, t.getMonthValue());
            case 'B' -> t.getMonth().getDisplayName(TextStyle.FULL, Locale.ENGLISH);
            case 'b', 'h' -> t.getMonth()
                    .getDisplayName(TextStyle.FULL, Locale.ENGLISH)
                    .substring(0, 3);
            case 'd' -> digits(2, t.getDayOfMonth());
            case 'e' -> blank(t.getDayOfMonth());
            case 'j' -> digits(3, t.getDayOfYear());
            case 'A' -> t.getDayOfWeek().getDisplayName(TextStyle.FULL, Locale.ENGLISH);
            case 'a' -> t.getDayOfWeek()
                    .getDisplayName(TextStyle.FULL, Locale.ENGLISH)
                    .substring(0, 3);
            case 'u' -> digits(1, t.getDayOfWeek().getValue());
            case 'w' -> digits(1, t.getDayOfWeek().getValue() % 7);
            case 'U' -> digits(2, (t.getDayOfYear() + 6 - t.getDayOfWeek().getValue() % 7) / 7);
            case 'W' -> digits(2, (t.getDayOfYear() + 6 - (t.getDayOfWeek().getValue() + 6) % 7) / 7);
            case 'V' -> digits(2, t.get(IsoFields.WEEK_OF_WEEK_BASED_YEAR));
            case 'H' -> digits(2, t.getHour());
            case 'k' -> blank(t.getHour());
            case 'I' -> digits(2, (t.getHour() + 11) % 12 + 1);
            case 'l' -> blank((t.getHour() + 11) % 12 + 1);
            case 'M' -> digits(2, t.getMinute());
            case 'S' -> digits(2, t.getSecond());
            case 'f' -> digits(6, t.getNano() / 1000);
            case 'p' -> t.getHour() < 12 ? "AM" : "PM";
            case 'P' -> t.getHour() < 12 ? "am" : "pm";
            case 'z', 'Z' -> "";
            case 'D', 'x' -> format("%m/%d/%y", t);
            case 'F' -> format("%Y-%m-%d", t);
            case 'T', 'X' -> format("%H:%M:%S", t);
            case 'R' -> format("%H:%M", t);
            case 'r' -> format("%I:%M:%S %p", t);
            case 'c' -> format("%a %b %e %H:%M:%S %Y", t);
            case 'n' -> "\n";
            case 't' -> "\t";
            case '%' -> "%";
            default -> throw JinjaException.unsupported("the field %" + field + " of a time format");
        };
    }

    private static String digits(int count, int value) {
        return String.format(Locale.ROOT, "%0" + count + "d", value);
    }

    private static String blank(int value) {
        return String.format(Locale.ROOT, "%2d", value);
    }
}
