package com.acme.catalog;

/** What the shop sells. */
public final class Product {
    public final String name;

    public Product(String name) {
        this.name = name;
    }
}
