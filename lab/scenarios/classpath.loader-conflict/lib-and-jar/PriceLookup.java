package com.acme.pricing;

import com.acme.catalog.Catalog;
import com.acme.catalog.Product;
import com.acme.shop.Compat;
import com.acme.shop.Feed;
import java.util.Map;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** Looks up the product of each order in the catalog that the platform keeps in lib/. */
public final class PriceLookup {

    public static void main(String[] args) throws Exception {
        Map<String, String> arguments = Feed.arguments(args);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        Compat.discard(Feed.orders(env, Long.parseLong(arguments.get("per-second")))
            .keyBy(order -> order.customerId)
            .map(new FindProduct()).name("find-product").uid("find-product"), "priced-orders");
        env.execute(arguments.get("name"));
    }

    public static final class FindProduct implements MapFunction<Feed.Order, String> {
        @Override
        public String map(Feed.Order order) {
            Product product = Catalog.get().find("product", order.orderId);
            return product.name + "," + order.amountCents;
        }
    }
}
