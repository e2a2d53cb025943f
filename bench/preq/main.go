// How often the terms of a file (one a line) occur in a log: the matcher of preq, one per term, one goroutine.
// Arguments: ANCHORS LOG. bench/scan.ts builds and measures it.
package main

import (
	"bufio"
	"fmt"
	"log"
	"os"
	"strings"

	"github.com/prequel-dev/prequel-logmatch/pkg/match"
)

func main() {
	terms, err := os.ReadFile(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	var matchers []*match.MatchSingle
	for _, term := range strings.Split(strings.TrimRight(string(terms), "\n"), "\n") {
		matcher, err := match.NewMatchSingle(match.TermT{Type: match.TermRaw, Value: term})
		if err != nil {
			log.Fatal(err)
		}
		matchers = append(matchers, matcher)
	}
	file, err := os.Open(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	lines := bufio.NewScanner(file)
	lines.Buffer(make([]byte, 1<<20), 1<<20)
	met := 0
	for number := int64(1); lines.Scan(); number++ {
		entry := match.NewScanLine()
		entry.LogEntry = match.LogEntry{Timestamp: number, Line: lines.Text()}
		for _, matcher := range matchers {
			met += matcher.Scan(entry).Cnt
		}
	}
	fmt.Println(met)
}
