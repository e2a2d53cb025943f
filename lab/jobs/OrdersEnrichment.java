package com.acme.shop;

import java.util.HashMap;
import java.util.Map;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;

/** Adds the customer's country to each order. One customer of the feed is missing in the table: a null that nobody checks. */
public final class OrdersEnrichment {

    public static void main(String[] args) throws Exception {
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        Feed.orders(env, 200)
            .keyBy(order -> order.customerId)
            .map(new AddCountry()).name("add-country").uid("add-country")
            .sinkTo(new DiscardingSink<>()).name("enriched-orders");
        env.execute("orders-enrichment");
    }

    static final class Customer {
        final String country;

        Customer(String country) {
            this.country = country;
        }
    }

    public static final class AddCountry extends RichMapFunction<Feed.Order, String> {
        private transient Map<Long, Customer> customers;

        @Override
        public void open(OpenContext context) {
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
