package com.acme.pricing;

import com.acme.shop.Compat;
import com.acme.shop.Feed;
import org.apache.flink.api.common.functions.FilterFunction;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** Lets only orders through whose price is on the list. The list is made in main() and travels inside of the function. */
public final class PriceCheck {

    public static void main(String[] args) throws Exception {
        int articles = Integer.parseInt(Feed.arguments(args).getOrDefault("articles", "30000"));
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        Compat.discard(Feed.orders(env, 100).filter(new OnList(readPriceList(articles))).name("on-price-list").uid("on-price-list"), "checked-orders");
        env.execute(Feed.arguments(args).getOrDefault("name", "price-check"));
    }

    private static long[] readPriceList(int articles) {
        long[] cents = new long[articles];
        for (int article = 0; article < articles; article++) {
            cents[article] = 99 + article * 7919L % 100_000;
        }
        return cents;
    }

    public static final class OnList implements FilterFunction<Feed.Order> {
        private final long[] cents;

        OnList(long[] cents) {
            this.cents = cents;
        }

        @Override
        public boolean filter(Feed.Order order) {
            return order.amountCents >= cents[(int) (order.orderId % cents.length)];
        }
    }
}
