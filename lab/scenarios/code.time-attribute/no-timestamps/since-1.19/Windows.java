package com.acme.revenue;

import org.apache.flink.streaming.api.windowing.assigners.TumblingEventTimeWindows;
import java.time.Duration;

/** What is written otherwise for Flink since 1.20. */
final class Windows {

    private Windows() {}

    static TumblingEventTimeWindows seconds(long seconds) {
        return TumblingEventTimeWindows.of(Duration.ofSeconds(seconds));
    }
}
