package com.acme.shop;

import java.util.HashMap;
import java.util.Map;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** Adds the customer's country to each order. One customer of the feed is missing in the table: a null that nobody checks. */
public final class OrdersEnrichment {

    public static void main(String[] args) throws Exception {
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        Compat.discard(Feed.orders(env, 200)
            .keyBy(order -> order.customerId)
            .map(new AddCountry()).name("add-country").uid("add-country"), "enriched-orders");
        env.execute(Feed.arguments(args).getOrDefault("name", "orders-enrichment"));
    }

    static final class Customer {
        final String country;

        Customer(String country) {
            this.country = country;
        }
    }

    public static final class AddCountry extends Compat.StartedMap<Feed.Order, String> {
        private transient Map<Long, Customer> customers;

        @Override
        protected void start() {
            customers = new HashMap<>();
            for (long id = 0; id < 999; id++) {
                customers.put(id, new Customer(id % 2 == 0 ? "DE" : "PT"));
            }
        }

        @Override
        public String map(Feed.Order order) {
            Customer customer = customers.get(order.customerId);
            return order.orderId + "," + customer.country;
        }
    }
}
