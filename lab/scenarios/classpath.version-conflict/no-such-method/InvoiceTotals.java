package com.acme.billing;

import com.acme.money.Rounding;
import com.acme.shop.Compat;
import com.acme.shop.Feed;
import java.util.Map;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** Rounds the total of each invoice with a library of the company. */
public final class InvoiceTotals {

    public static void main(String[] args) throws Exception {
        Map<String, String> arguments = Feed.arguments(args);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        Compat.discard(Feed.orders(env, 200)
            .keyBy(order -> order.customerId)
            .map(new RoundTotal(Integer.parseInt(arguments.get("scale")))).name("round-total").uid("round-total"), "invoices");
        env.execute(arguments.get("name"));
    }

    public static final class RoundTotal implements MapFunction<Feed.Order, Long> {
        private final int scale;

        RoundTotal(int scale) {
            this.scale = scale;
        }

        @Override
        public Long map(Feed.Order order) {
            return Rounding.round(order.amountCents, scale);
        }
    }
}
