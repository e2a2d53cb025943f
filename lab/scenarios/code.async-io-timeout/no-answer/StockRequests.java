package com.acme.stock;

import com.acme.shop.Compat;
import com.acme.shop.Feed;
import java.util.Collections;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.flink.streaming.api.datastream.AsyncDataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.async.AsyncFunction;
import org.apache.flink.streaming.api.functions.async.ResultFuture;

/** Asks the warehouse for the stock of each order. */
public final class StockRequests {

    public static void main(String[] args) throws Exception {
        Map<String, String> arguments = Feed.arguments(args);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        Compat.discard(AsyncDataStream
            .unorderedWait(Feed.orders(env, 50), new AskStock(), Long.parseLong(arguments.get("seconds")), TimeUnit.SECONDS, 40).name("ask-stock").uid("ask-stock"), "stock");
        env.execute(arguments.get("name"));
    }

    public static final class AskStock implements AsyncFunction<Feed.Order, Integer> {
        @Override
        public void asyncInvoke(Feed.Order order, ResultFuture<Integer> result) {
            Warehouse.ask(order.orderId).thenAccept(stock -> result.complete(Collections.singleton(stock)));
        }
    }

    /** Stands for a service that accepts requests and is silent. */
    static final class Warehouse {
        static CompletableFuture<Integer> ask(long orderId) {
            return new CompletableFuture<>();
        }
    }
}
