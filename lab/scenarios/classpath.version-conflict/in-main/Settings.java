package com.acme.settings;

import java.time.Duration;
import java.util.Map;

/** Version 3 of the library. */
public final class Settings {
    private final Map<String, String> values;

    public Settings(Map<String, String> values) {
        this.values = values;
    }

    public String text(String name) {
        return values.get(name);
    }

    public Duration duration(String name) {
        return Duration.ofMillis(Long.parseLong(text(name)));
    }
}
