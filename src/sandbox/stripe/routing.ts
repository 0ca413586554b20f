import { missingAtPath } from "./errors.ts";
import type { Form } from "./form.ts";
import type { Kind, Kinds } from "./store.ts";
import type { World } from "./world.ts";

export interface ApiRequest {
  /** The object that the path names; empty for a collection. */
  readonly id: string;
  /** The decoded body, or the query of a GET; without `expand` on routes of one object. */
  readonly form: Form;
}

/** Does what the request asks and gives the object to answer with. */
type Handler = (world: World, request: ApiRequest) => object;

/** Handlers by `METHOD /path`, with `:id` for one segment of the path. */
export type Routes = Readonly<Record<string, Handler>>;

/** Finds the handler of a request; undefined where Stripe has none, or the stand-in doesn't simulate it. */
export function router(...tables: Routes[]) {
  const handlers = new Map(tables.flatMap((table) => Object.entries(table)));
  return (method: string, path: string): { handler: Handler; id: string } | undefined => {
    const whole = handlers.get(`${method} ${path}`);
    if (whole !== undefined) return { handler: whole, id: "" };
    const segments = path.split("/");
    for (let at = segments.length - 1; at >= 2; at -= 1) {
      const id = segments[at] ?? "";
      const handler = handlers.get(`${method} ${segments.with(at, ":id").join("/")}`);
      if (handler !== undefined && id !== "") return { handler, id: decodeURIComponent(id) };
    }
    return undefined;
  };
}

/** The object of the path, or Stripe's 404. */
export function found<K extends Kind>(world: World, kind: K, id: string, param?: string): Kinds[K] {
  const object = world.store.get(kind, id);
  if (object === undefined) throw missingAtPath(kind.split(".").at(-1) ?? kind, id, param);
  return object;
}
