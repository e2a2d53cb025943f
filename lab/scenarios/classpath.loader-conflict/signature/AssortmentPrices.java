package com.acme.pricing;

import com.acme.catalog.Catalog;
import com.acme.catalog.Product;
import com.acme.shop.Compat;
import com.acme.shop.Feed;
import java.util.Map;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** Prices of one product, which the catalog in lib/ knows. */
public final class AssortmentPrices {

    public static void main(String[] args) throws Exception {
        Map<String, String> arguments = Feed.arguments(args);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        Product product = Catalog.product(Long.parseLong(arguments.get("product")));
        Compat.discard(Feed.orders(env, 100).filter(order -> order.amountCents > 5_000).name("over-" + product.name).uid("over-limit"), product.name);
        env.execute(arguments.get("name"));
    }
}
