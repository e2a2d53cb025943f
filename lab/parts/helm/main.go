// What `helm lint`, `helm template` and an API server's first look say of a chart, by Helm's own packages: as JSON
// {version, lint, objects, problems}. Problems are what does not decode strictly as the Kubernetes type that it names
// (a field that the type does not have, one that is there twice, a kind that nobody knows), or does not render.
//
//	chart CHART [-namespace NAME] [-release NAME] [-values FILE]
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	"helm.sh/helm/v3/pkg/lint"
	"helm.sh/helm/v3/pkg/releaseutil"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/yaml"
)

type rendered struct {
	Template string `json:"template"`
	Object   any    `json:"object"`
}

type report struct {
	Lint     []string   `json:"lint"`
	Objects  []rendered `json:"objects"`
	Notes    string     `json:"notes"`
	Problems []string   `json:"problems"`
}

func main() {
	out := report{Lint: []string{}, Objects: []rendered{}, Problems: []string{}}
	if err := look(&out, os.Args[1:]); err != nil {
		out.Problems = append(out.Problems, err.Error())
	}
	text, _ := json.Marshal(out)
	fmt.Println(string(text))
}

func look(out *report, args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("usage: chart CHART [-namespace NAME] [-release NAME] [-values FILE]")
	}
	path, namespace, release := args[0], "default", "jobtrace"
	set := chartutil.Values{}
	for at := 1; at+1 < len(args); at += 2 {
		switch args[at] {
		case "-namespace":
			namespace = args[at+1]
		case "-release":
			release = args[at+1]
		case "-values":
			read, err := chartutil.ReadValuesFile(args[at+1])
			if err != nil {
				return err
			}
			set = read
		}
	}
	for _, message := range lint.All(path, set, namespace, true).Messages {
		out.Lint = append(out.Lint, message.Error())
	}
	chart, err := loader.Load(path)
	if err != nil {
		return err
	}
	options := chartutil.ReleaseOptions{Name: release, Namespace: namespace, Revision: 1, IsInstall: true}
	ready, err := chartutil.ToRenderValues(chart, set, options, chartutil.DefaultCapabilities)
	if err != nil {
		return err
	}
	files, err := engine.Render(chart, ready)
	if err != nil {
		return err
	}
	return decodeAll(out, files)
}

func decodeAll(out *report, files map[string]string) error {
	known := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{scheme.AddToScheme, monitoring.AddToScheme} {
		if err := add(known); err != nil {
			return err
		}
	}
	decoder := serializer.NewCodecFactory(known, serializer.EnableStrict).UniversalDeserializer()
	names := []string{}
	for name := range files {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		if filepath.Base(name) == "NOTES.txt" {
			out.Notes = files[name]
			continue
		}
		texts := releaseutil.SplitManifests(files[name])
		keys := []string{}
		for key := range texts {
			keys = append(keys, key)
		}
		sort.Sort(releaseutil.BySplitManifestsOrder(keys))
		for _, key := range keys {
			text := texts[key]
			if isEmpty(text) {
				continue
			}
			var object any
			if err := yaml.UnmarshalStrict([]byte(text), &object); err != nil {
				out.Problems = append(out.Problems, fmt.Sprintf("%s: %v", name, err))
				continue
			}
			if _, _, err := decoder.Decode([]byte(text), nil, nil); err != nil {
				out.Problems = append(out.Problems, fmt.Sprintf("%s: %v", name, err))
			}
			out.Objects = append(out.Objects, rendered{Template: name, Object: object})
		}
	}
	return nil
}

// Nothing, or comments alone: what a template leaves that is switched off.
func isEmpty(text string) bool {
	for _, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "#") {
			return false
		}
	}
	return true
}
