package org.fednano.settings;

import java.util.List;
import java.util.Map;

/** What other rooms add to the catalogue; found as a service, so that the settings know nobody who uses them. */
public interface SettingSource {

    /** Settings by the title of their group. */
    Map<String, List<Setting<?>>> groups();

    /** Words that it allows for a setting whose choices are open; empty for others. */
    List<String> choices(String key);
}
