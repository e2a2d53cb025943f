package com.acme.shop;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** Renders each invoice into a direct buffer and keeps the buffers, though the job has no task off-heap memory. */
public final class InvoiceImages {

    public static void main(String[] args) throws Exception {
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        Compat.discard(Feed.orders(env, 200)
            .keyBy(order -> order.customerId)
            .map(new RenderInvoice()).name("render-invoice").uid("render-invoice"), "images");
        env.execute(Feed.arguments(args).getOrDefault("name", "invoice-images"));
    }

    public static final class RenderInvoice extends RichMapFunction<Feed.Order, Integer> {
        private transient List<ByteBuffer> rendered;

        @Override
        public Integer map(Feed.Order order) {
            if (rendered == null) {
                rendered = new ArrayList<>();
            }
            ByteBuffer image = ByteBuffer.allocateDirect(256 * 1024);
            image.putLong(order.orderId);
            rendered.add(image);
            return rendered.size();
        }
    }
}
