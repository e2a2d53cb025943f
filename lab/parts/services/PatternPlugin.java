// The tokenizer `pattern`, which every distribution of Elasticsearch but the smallest has in its module
// analysis-common: the same settings with the same defaults, made by the same class of Lucene. Compiled by analysis.ts.
package io.jobtrace.parts;

import java.util.Map;
import java.util.regex.Pattern;
import org.apache.lucene.analysis.pattern.PatternTokenizer;
import org.elasticsearch.common.regex.Regex;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.index.analysis.TokenizerFactory;
import org.elasticsearch.indices.analysis.AnalysisModule.AnalysisProvider;
import org.elasticsearch.plugins.AnalysisPlugin;
import org.elasticsearch.plugins.Plugin;

public final class PatternPlugin extends Plugin implements AnalysisPlugin {
  @Override
  public Map<String, AnalysisProvider<TokenizerFactory>> getTokenizers() {
    return Map.of("pattern", (index, environment, name, settings) -> makeTokenizer(name, settings));
  }

  private static TokenizerFactory makeTokenizer(String name, Settings settings) {
    Pattern pattern = Regex.compile(settings.get("pattern", "\\W+"), settings.get("flags"));
    int group = settings.getAsInt("group", -1);
    return TokenizerFactory.newFactory(name, () -> new PatternTokenizer(pattern, group));
  }
}
