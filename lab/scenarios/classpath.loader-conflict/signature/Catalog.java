package com.acme.catalog;

/** All products by their number. */
public final class Catalog {

    private Catalog() {}

    public static Product product(long id) {
        return new Product("article-" + id);
    }
}
