package com.acme.settings;

import java.util.Map;

/** Version 2 of the library: texts only. */
public final class Settings {
    private final Map<String, String> values;

    public Settings(Map<String, String> values) {
        this.values = values;
    }

    public String text(String name) {
        return values.get(name);
    }
}
