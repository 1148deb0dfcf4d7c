package org.fednano.report.chart;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.util.List;
import java.util.function.Function;
import org.fednano.report.data.Numbers;
import org.knowm.xchart.CategoryChart;
import org.knowm.xchart.CategoryChartBuilder;
import org.knowm.xchart.CategorySeries;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.AxesChartStyler;
import org.knowm.xchart.style.Styler;
import org.knowm.xchart.style.markers.Marker;
import org.knowm.xchart.style.markers.SeriesMarkers;

/**
 * One look for all charts. Colours are those of Okabe and Ito, which readers with any common colour blindness tell
 * apart; lines differ in marker and dash as well, so that a black-and-white print can be read.
 */
public final class ChartStyle {

    public static final Color BLUE = new Color(0x0072B2);
    static final Color VERMILION = new Color(0xD55E00);
    static final Color GREEN = new Color(0x009E73);
    static final Color SKY = new Color(0x56B4E9);
    static final Color ORANGE = new Color(0xE69F00);
    static final Color PURPLE = new Color(0xCC79A7);
    static final Color GREY = new Color(0x767676);
    public static final Color LIGHT_GREY = new Color(0xBDBDBD);
    static final Color BLACK = new Color(0x222222);

    public static final List<Color> PALETTE = List.of(BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, BLACK, GREY);
    static final List<Marker> MARKERS = List.of(
            SeriesMarkers.CIRCLE,
            SeriesMarkers.SQUARE,
            SeriesMarkers.DIAMOND,
            SeriesMarkers.TRIANGLE_UP,
            SeriesMarkers.TRIANGLE_DOWN,
            SeriesMarkers.CROSS,
            SeriesMarkers.PLUS,
            SeriesMarkers.TRAPEZOID);

    /** With more points than these, markers would touch. */
    private static final int MARKERS_UP_TO = 40;

    private ChartStyle() {}

    /** An empty chart of numbers over rounds. */
    static XYChart overRounds(String yTitle, Function<Double, String> yLabel) {
        XYChart chart = new XYChartBuilder()
                .width(760)
                .height(360)
                .xAxisTitle("round")
                .yAxisTitle(yTitle)
                .build();
        common(chart.getStyler());
        chart.getStyler().setXAxisDecimalPattern("0").setPlotGridVerticalLinesVisible(false);
        // Half rounds do not exist, though a short axis has room for their labels.
        chart.getStyler().setxAxisTickLabelsFormattingFunction(x -> x == Math.rint(x) ? Numbers.format("%.0f", x) : "");
        chart.getStyler().setyAxisTickLabelsFormattingFunction(yLabel);
        return chart;
    }

    /** An empty chart of bars. */
    public static CategoryChart bars(String xTitle, String yTitle, Function<Double, String> yLabel, int groups) {
        CategoryChart chart = new CategoryChartBuilder()
                .width(760)
                .height(groups > 8 ? 420 : 360)
                .xAxisTitle(xTitle)
                .yAxisTitle(yTitle)
                .build();
        common(chart.getStyler());
        chart.getStyler()
                .setAvailableSpaceFill(groups < 3 ? 0.45 : 0.8)
                .setPlotGridVerticalLinesVisible(false)
                .setXAxisLabelRotation(groups > 8 ? 50 : 0);
        chart.getStyler().setyAxisTickLabelsFormattingFunction(yLabel);
        return chart;
    }

    /** A line with markers; {@code look} chooses colour and marker. */
    static XYSeries line(XYChart chart, String name, double[] x, double[] y, int look) {
        XYSeries series = chart.addSeries(name, x, y);
        Color color = PALETTE.get(look % PALETTE.size());
        series.setLineColor(color).setLineWidth(2.2f).setLineStyle(new BasicStroke(2.2f));
        series.setMarkerColor(color);
        series.setMarker(x.length > MARKERS_UP_TO ? SeriesMarkers.NONE : MARKERS.get(look % MARKERS.size()));
        return series;
    }

    /** A level line without markers, dashed. */
    static void level(XYChart chart, String name, double from, double to, double y, Color color) {
        XYSeries series = chart.addSeries(name, new double[] {from, to}, new double[] {y, y});
        series.setLineColor(color);
        series.setLineStyle(dashes(1.8f));
        series.setMarker(SeriesMarkers.NONE);
    }

    static BasicStroke dashes(float width) {
        return new BasicStroke(width, BasicStroke.CAP_BUTT, BasicStroke.JOIN_ROUND, 1, new float[] {7, 5}, 0);
    }

    /** A filled band between two courses. */
    static void band(XYChart chart, String name, double[] x, double[] low, double[] high, Color color) {
        int n = x.length;
        double[] aroundX = new double[2 * n];
        double[] aroundY = new double[2 * n];
        for (int i = 0; i < n; i++) {
            aroundX[i] = x[i];
            aroundY[i] = high[i];
            aroundX[2 * n - 1 - i] = x[i];
            aroundY[2 * n - 1 - i] = low[i];
        }
        XYSeries series = chart.addSeries(name, aroundX, aroundY);
        series.setXYSeriesRenderStyle(XYSeries.XYSeriesRenderStyle.PolygonArea);
        series.setFillColor(new Color(color.getRed(), color.getGreen(), color.getBlue(), 48));
        series.setLineColor(new Color(0, 0, 0, 0));
        series.setMarker(SeriesMarkers.NONE);
    }

    /** A bar for every category. */
    public static void bar(
            CategoryChart chart, String name, List<String> categories, List<Double> values, Color color) {
        CategorySeries series = chart.addSeries(name, categories, values);
        series.setFillColor(color);
    }

    /**
     * Sets both axes of a chart over rounds. XChart searches without end for the ticks of an axis whose ends are equal,
     * so neither axis is left to its data.
     *
     * @param yMax greatest value; a chart of zeros only gets an axis to 1
     */
    static void axes(XYChart chart, double firstRound, double lastRound, double yMin, double yMax) {
        chart.getStyler()
                .setXAxisMin(firstRound)
                .setXAxisMax(Math.max(lastRound, firstRound + 1))
                .setYAxisMin(yMin)
                .setYAxisMax(yMax > yMin ? yMax : yMin + 1);
    }

    private static void common(AxesChartStyler styler) {
        Font font = new Font(Font.SANS_SERIF, Font.PLAIN, 13);
        styler.setBaseFont(font)
                .setChartTitleVisible(false)
                .setChartBackgroundColor(Color.WHITE)
                .setChartFontColor(BLACK)
                .setPlotBackgroundColor(Color.WHITE)
                .setPlotBorderVisible(false)
                .setChartPadding(6)
                .setLegendPosition(Styler.LegendPosition.OutsideS)
                .setLegendLayout(Styler.LegendLayout.Horizontal)
                .setLegendBorderColor(new Color(0, true))
                // XChart lays the legend's background over the lower edge of the axis title.
                .setLegendBackgroundColor(new Color(0, true))
                .setLegendPadding(12)
                .setLegendFont(font)
                .setMarkerSize(7)
                .setAntiAlias(true);
        styler.setAxisTitleFont(font)
                .setAxisTickLabelsFont(font.deriveFont(12f))
                .setPlotGridLinesColor(new Color(0xE3E3E3))
                .setPlotGridLinesStroke(new BasicStroke(1f))
                .setAxisTickMarksColor(GREY)
                .setPlotMargin(4)
                .setLocale(java.util.Locale.ROOT);
    }
}
