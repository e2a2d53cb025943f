package com.acme.rates;

import com.acme.shop.Compat;
import com.acme.shop.Feed;
import java.util.Map;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Converts each order with a table of rates that is loaded before the first one. */
public final class InvoiceRates {

    public static void main(String[] args) throws Exception {
        Map<String, String> arguments = Feed.arguments(args);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        Compat.discard(Feed.orders(env, 100)
            .keyBy(order -> order.customerId)
            .map(new RateLookup(Long.parseLong(arguments.get("seconds")))).name("rate-lookup").uid("rate-lookup"), "invoices");
        env.execute(arguments.get("name"));
    }

    public static final class RateLookup extends Compat.StartedMap<Feed.Order, Double> {
        private static final Logger LOG = LoggerFactory.getLogger(RateLookup.class);
        private final long seconds;

        RateLookup(long seconds) {
            this.seconds = seconds;
        }

        @Override
        protected void start() throws Exception {
            LOG.info("Loading the exchange rates of {} days.", seconds);
            Thread.sleep(seconds * 1_000);
        }

        @Override
        public Double map(Feed.Order order) {
            return order.amountCents / 93.0;
        }
    }
}
