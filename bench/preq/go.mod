module jobtrace.dev/bench/preq

go 1.26

require github.com/prequel-dev/prequel-logmatch v0.0.25

require (
	github.com/goccy/go-yaml v1.19.2 // indirect
	github.com/itchyny/gojq v0.12.19 // indirect
	github.com/itchyny/timefmt-go v0.1.8 // indirect
	github.com/mattn/go-colorable v0.1.14 // indirect
	github.com/mattn/go-isatty v0.0.20 // indirect
	github.com/philhofer/fwd v1.2.0 // indirect
	github.com/rs/zerolog v1.35.1 // indirect
	github.com/tinylib/msgp v1.6.4 // indirect
	golang.org/x/sys v0.44.0 // indirect
)
