package com.acme.documents;

import com.acme.shop.Compat;
import com.acme.shop.Feed;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Renders previews with a native library that takes memory outside of the Java heap and gives none back. */
public final class PdfPreviews {

    public static void main(String[] args) throws Exception {
        Map<String, String> arguments = Feed.arguments(args);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        Compat.discard(Feed.orders(env, 100)
            .keyBy(order -> order.customerId)
            .map(new Render(Integer.parseInt(arguments.get("kilobytes")))).name("render-preview").uid("render-preview"), "previews");
        env.execute(arguments.get("name"));
    }

    public static final class Render extends RichMapFunction<Feed.Order, Integer> {
        private static final Logger LOG = LoggerFactory.getLogger(Render.class);
        private final int kilobytes;
        private transient List<ByteBuffer> pages;

        Render(int kilobytes) {
            this.kilobytes = kilobytes;
        }

        @Override
        public Integer map(Feed.Order order) {
            if (pages == null) {
                pages = new ArrayList<>();
            }
            if (pages.size() < 400) {
                ByteBuffer page = ByteBuffer.allocateDirect(kilobytes * 1024);
                while (page.hasRemaining()) {
                    page.put((byte) 1);
                }
                pages.add(page);
            }
            if (pages.size() % 100 == 0) {
                LOG.info("{} previews rendered, {} MB taken.", pages.size(), pages.size() * kilobytes / 1024);
            }
            return pages.size();
        }
    }
}
