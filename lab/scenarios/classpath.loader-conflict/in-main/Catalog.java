package com.acme.catalog;

import java.util.HashMap;
import java.util.Map;

/** A registry of many kinds of things, one for the whole process. */
public final class Catalog {
    private static final Catalog ONLY = new Catalog();
    private final Map<String, Object> things = new HashMap<>();

    private Catalog() {
        for (int id = 0; id < 100; id++) {
            things.put("product " + id, new Product("article-" + id));
        }
    }

    public static Catalog get() {
        return ONLY;
    }

    @SuppressWarnings("unchecked")
    public <T> T find(String kind, long id) {
        return (T) things.get(kind + " " + id % 100);
    }
}
