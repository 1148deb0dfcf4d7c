package org.fednano.settings;

/** A command that leaves word of how it ended, also when its words are refused before it is called. */
public interface RecordedCommand {

    /**
     * Its words or settings were refused.
     *
     * @param options as far as they can be told; they may be what was wrong
     * @param message one line
     */
    void refused(SettingsOptions options, ExitStatus status, String message);
}
