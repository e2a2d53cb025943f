package com.acme.pricing;

import com.acme.shop.Compat;
import com.acme.shop.Feed;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.functions.RuntimeContext;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** A small bounded job whose library starts a thread that nobody ends: the thread keeps the job's class loader and all its classes. */
public final class PriceLists {

    public static void main(String[] args) throws Exception {
        Map<String, String> arguments = Feed.arguments(args);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        Compat.discard(env.fromSequence(1, 20).map(new AddPrice(Integer.parseInt(arguments.get("formulas")))).name("add-price"), "prices");
        env.execute(arguments.get("name"));
    }

    /** One of the formulas that the library compiles when it starts. */
    public static class Formula {
        public long price(long number) {
            return number % 3 == 0 ? number * 9 / 10 : number;
        }
    }

    public static final class AddPrice extends Compat.StartedMap<Long, Long> {
        private final int formulas;

        AddPrice(int formulas) {
            this.formulas = formulas;
        }

        @Override
        protected void start() throws Exception {
            PriceCache.start(formulas);
        }

        @Override
        public Long map(Long number) {
            return number;
        }
    }

    /** Stands for a client library with a refresher thread and no close(). */
    static final class PriceCache {
        private static final List<Class<?>> FORMULAS = new ArrayList<>();

        private PriceCache() {}

        static void start(int formulas) throws Exception {
            byte[] code;
            try (InputStream in = Formula.class.getResourceAsStream("PriceLists$Formula.class")) {
                code = in.readAllBytes();
            }
            for (int formula = 0; formula < formulas; formula++) {
                FORMULAS.add(new FormulaLoader(code).define());
            }
            Thread refresher = new Thread(PriceCache::refresh, "price-cache-refresher");
            refresher.setDaemon(true);
            refresher.start();
        }

        private static void refresh() {
            while (true) {
                try {
                    Thread.sleep(60_000);
                } catch (InterruptedException e) {
                    return;
                }
            }
        }
    }

    private static final class FormulaLoader extends ClassLoader {
        private final byte[] code;

        FormulaLoader(byte[] code) {
            super(PriceLists.class.getClassLoader());
            this.code = code;
        }

        Class<?> define() {
            return defineClass(Formula.class.getName(), code, 0, code.length);
        }
    }
}
