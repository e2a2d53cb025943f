// Describes the tables of the engine that the page's build makes of YAML (vite.config.ts).
declare module '*/packages.yaml' {
  const file: {
    readonly packages: readonly {
      readonly owner: import('../../flink/trace/packages.ts').PackageOwner;
      readonly packages: readonly string[];
    }[];
  };
  export default file;
}
