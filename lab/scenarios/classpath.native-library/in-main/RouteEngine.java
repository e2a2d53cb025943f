package com.acme.routing;

/** The engine itself is native code. */
final class RouteEngine {

    static {
        System.loadLibrary("acme_routing");
    }

    private RouteEngine() {}

    static native String version();
}
