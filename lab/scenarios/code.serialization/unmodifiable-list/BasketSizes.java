package com.acme.basket;

import com.acme.shop.Compat;
import com.acme.shop.Feed;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** How many lines baskets have. A basket is a POJO, its list an unmodifiable one. */
public final class BasketSizes {

    public static void main(String[] args) throws Exception {
        Map<String, String> arguments = Feed.arguments(args);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        Compat.discard(Feed.orders(env, Long.parseLong(arguments.get("per-second")))
            .map(new ToBasket()).name("to-basket").uid("to-basket")
            .keyBy(basket -> basket.customerId)
            .map(basket -> basket.lines.size()).returns(Integer.class).name("count-lines").uid("count-lines"), "sizes");
        env.execute(arguments.get("name"));
    }

    public static final class Basket {
        public long customerId;
        public List<String> lines;

        public Basket() {}

        Basket(long customerId, List<String> lines) {
            this.customerId = customerId;
            this.lines = lines;
        }
    }

    public static final class ToBasket implements MapFunction<Feed.Order, Basket> {
        @Override
        public Basket map(Feed.Order order) {
            List<String> lines = new ArrayList<>();
            for (long line = 0; line <= order.orderId % 3; line++) {
                lines.add("article-" + (order.orderId + line) % 100);
            }
            return new Basket(order.customerId, Collections.unmodifiableList(lines));
        }
    }
}
