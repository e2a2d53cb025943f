package com.acme.platform;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** The platform's pool of threads: one for the whole process. */
public final class Workers {
    private static final ExecutorService POOL = Executors.newSingleThreadExecutor(work -> {
        Thread thread = new Thread(work, "platform-worker");
        thread.setDaemon(true);
        return thread;
    });

    private Workers() {}

    /** Loads a class by name, away from the caller's thread. */
    public static Class<?> load(String name) throws Exception {
        return POOL.submit(() -> Thread.currentThread().getContextClassLoader().loadClass(name)).get();
    }
}
