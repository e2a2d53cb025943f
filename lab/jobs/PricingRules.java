package com.acme.shop;

import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** Loads a pricing rule anew, in a class loader of its own, for every order, and never lets go of one. */
public final class PricingRules {

    public static void main(String[] args) throws Exception {
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        Compat.discard(Feed.orders(env, 4_000)
            .keyBy(order -> order.customerId)
            .map(new ApplyRule()).name("apply-rule").uid("apply-rule"), "priced-orders");
        env.execute(Feed.arguments(args).getOrDefault("name", "pricing-rules"));
    }

    /** The rule as it would come from a script: what matters is that each loading makes a new class. */
    public static class Rule {
        public long price(long cents) {
            return cents > 5_000 ? cents * 9 / 10 : cents;
        }
    }

    public static final class ApplyRule extends RichMapFunction<Feed.Order, Long> {
        private static final List<Class<?>> LOADED = new ArrayList<>();
        private transient byte[] code;

        @Override
        public Long map(Feed.Order order) throws Exception {
            if (code == null) {
                code = readCode();
            }
            Class<?> rule = new RuleLoader(code).findClass(Rule.class.getName());
            LOADED.add(rule);
            Object instance = rule.getDeclaredConstructor().newInstance();
            return (Long) rule.getMethod("price", long.class).invoke(instance, order.amountCents);
        }

        private static byte[] readCode() throws IOException {
            try (InputStream in = Rule.class.getResourceAsStream("PricingRules$Rule.class")) {
                return in.readAllBytes();
            }
        }
    }

    private static final class RuleLoader extends ClassLoader {
        private final byte[] code;

        RuleLoader(byte[] code) {
            super(PricingRules.class.getClassLoader());
            this.code = code;
        }

        @Override
        protected Class<?> findClass(String name) {
            return defineClass(name, code, 0, code.length);
        }
    }
}
