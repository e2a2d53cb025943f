// The tokenizer `pattern`, which every distribution of Elasticsearch but the smallest has in its module
// analysis-common: the same settings with the same defaults, made by the same class of Lucene. And what the index of
// Elasticsearch's own security wants of that module, near enough for roles and API keys. Compiled by analysis.ts.
package io.jobtrace.parts;

import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.email.UAX29URLEmailTokenizer;
import org.apache.lucene.analysis.miscellaneous.RemoveDuplicatesTokenFilter;
import org.apache.lucene.analysis.pattern.PatternCaptureGroupTokenFilter;
import org.apache.lucene.analysis.pattern.PatternTokenizer;
import org.elasticsearch.common.regex.Regex;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.index.analysis.TokenFilterFactory;
import org.elasticsearch.index.analysis.TokenizerFactory;
import org.elasticsearch.indices.analysis.AnalysisModule.AnalysisProvider;
import org.elasticsearch.plugins.AnalysisPlugin;
import org.elasticsearch.plugins.Plugin;

public final class PatternPlugin extends Plugin implements AnalysisPlugin {
  @Override
  public Map<String, AnalysisProvider<TokenizerFactory>> getTokenizers() {
    return Map.of(
        "pattern",
        (index, environment, name, settings) -> makeTokenizer(name, settings),
        "uax_url_email",
        (index, environment, name, settings) -> TokenizerFactory.newFactory(name, UAX29URLEmailTokenizer::new));
  }

  @Override
  public Map<String, AnalysisProvider<TokenFilterFactory>> getTokenFilters() {
    return Map.of(
        "pattern_capture",
        (index, environment, name, settings) -> makeFilter(name, captureGroups(settings)),
        "unique",
        (index, environment, name, settings) -> makeFilter(name, RemoveDuplicatesTokenFilter::new));
  }

  private static UnaryOperator<TokenStream> captureGroups(Settings settings) {
    boolean original = settings.getAsBoolean("preserve_original", true);
    Pattern[] patterns = settings.getAsList("patterns").stream().map(Pattern::compile).toArray(Pattern[]::new);
    return stream -> new PatternCaptureGroupTokenFilter(stream, original, patterns);
  }

  private static TokenFilterFactory makeFilter(String name, UnaryOperator<TokenStream> filter) {
    return new TokenFilterFactory() {
      @Override
      public String name() {
        return name;
      }

      @Override
      public TokenStream create(TokenStream stream) {
        return filter.apply(stream);
      }
    };
  }

  private static TokenizerFactory makeTokenizer(String name, Settings settings) {
    Pattern pattern = Regex.compile(settings.get("pattern", "\\W+"), settings.get("flags"));
    int group = settings.getAsInt("group", -1);
    return TokenizerFactory.newFactory(name, () -> new PatternTokenizer(pattern, group));
  }
}
