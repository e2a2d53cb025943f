package com.acme.partner;

import com.acme.shop.Compat;
import com.acme.shop.Feed;
import java.util.Map;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** Reads the lines of a partner's payments. */
public final class PartnerPayments {

    public static void main(String[] args) throws Exception {
        Map<String, String> arguments = Feed.arguments(args);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        Compat.discard(Feed.orders(env, 200)
            .map(new ToLine(Long.parseLong(arguments.get("bad-line")))).name("read-line").uid("read-line").rebalance()
            .map(new ParseAmount()).name("parse-amount").uid("parse-amount"), "payments");
        env.execute(arguments.get("name"));
    }

    public static final class ToLine implements MapFunction<Feed.Order, String> {
        private final long badLine;

        ToLine(long badLine) {
            this.badLine = badLine;
        }

        @Override
        public String map(Feed.Order order) {
            return order.orderId + ";" + (order.orderId % 1_000 == badLine ? "n/a" : order.amountCents);
        }
    }

    public static final class ParseAmount implements MapFunction<String, Long> {
        @Override
        public Long map(String line) {
            return Long.parseLong(line.split(";")[1]);
        }
    }
}
