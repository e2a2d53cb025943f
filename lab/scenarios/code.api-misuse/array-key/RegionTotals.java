package com.acme.region;

import com.acme.shop.Compat;
import com.acme.shop.Feed;
import java.util.Map;
import org.apache.flink.api.java.functions.KeySelector;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** Totals per region and class of amount. */
public final class RegionTotals {

    public static void main(String[] args) throws Exception {
        Map<String, String> arguments = Feed.arguments(args);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        Compat.discard(Feed.orders(env, 100)
            .keyBy(new ByRegionAndClass(Integer.parseInt(arguments.get("regions"))))
            .sum("amountCents").name("total").uid("total"), "totals");
        env.execute(arguments.get("name"));
    }

    public static final class ByRegionAndClass implements KeySelector<Feed.Order, long[]> {
        private final int regions;

        ByRegionAndClass(int regions) {
            this.regions = regions;
        }

        @Override
        public long[] getKey(Feed.Order order) {
            return new long[] {order.customerId % regions, order.amountCents / 1_000};
        }
    }
}
