// Loads WebAssembly: the compiled form of a .wat file comes in, an instance with a memory of its own goes out. Its user
// keeps the compiled form as text beside its code, and its test compares that with the .wat file.

/** WebAssembly is part of every JavaScript engine, but only the browser's type library declares it. */
interface Engine {
  readonly Module: new (bytes: Uint8Array) => object;
  /** Nothing but the .wat file says what an instance exports. */
  readonly Instance: new <Exports>(module: object) => { readonly exports: Exports };
}

declare const WebAssembly: Engine;

const modules = new Map<string, object>();

/** Creates an instance of `compiled`, which is in base64. `Exports` describes the exports of the .wat file. */
export function loadWasm<Exports>(compiled: string): Exports {
  const module = modules.get(compiled) ?? new WebAssembly.Module(Buffer.from(compiled, 'base64'));
  modules.set(compiled, module);
  return new WebAssembly.Instance<Exports>(module).exports;
}
