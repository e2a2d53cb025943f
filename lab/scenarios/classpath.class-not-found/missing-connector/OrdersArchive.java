package com.acme.archive;

import com.acme.shop.Feed;
import java.util.Map;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.api.common.serialization.SimpleStringEncoder;
import org.apache.flink.connector.file.sink.FileSink;
import org.apache.flink.core.fs.Path;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** Writes every order to files, by the connector that comes with Flink. */
public final class OrdersArchive {

    public static void main(String[] args) throws Exception {
        Map<String, String> arguments = Feed.arguments(args);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        FileSink<String> archive = FileSink.forRowFormat(new Path(arguments.get("to")), new SimpleStringEncoder<String>()).build();
        Feed.orders(env, 100).map(new ToLine()).name("to-line").sinkTo(archive).name("archive");
        env.execute(arguments.get("name"));
    }

    public static final class ToLine implements MapFunction<Feed.Order, String> {
        @Override
        public String map(Feed.Order order) {
            return order.orderId + ";" + order.amountCents;
        }
    }
}
