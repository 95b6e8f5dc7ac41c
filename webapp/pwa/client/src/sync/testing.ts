/** A server in memory that keeps sync's word, and whose network can lie. For tests. */
import type { MissingBody, OperationEnvelope, PushBody } from "../api/wire";
import { sha256Hex } from "../db/ids";
import { firstPull } from "../db/testing";
import type { Fetch } from "./http";

interface DeclaredPhoto {
  id: string;
  sha256: string;
  bytes: number;
}
type Reply = Response | null;
/** Called before the server; an answer of its own means that the request never arrived. */
type Before = (path: string, init: RequestInit) => Reply | Promise<Reply>;
/** Called with the server's answer: what the phone gets in its place. */
type After = (path: string, answer: Response) => Response | Promise<Response>;

export class FakeServer {
  userId: number | null = 1;
  epoch = "e1";
  head = 40;
  operations = new Map<string, { envelope: OperationEnvelope; result: string; code: string }>();
  photos = new Map<string, ArrayBuffer>();
  requests: string[] = [];
  pushes: PushBody[] = [];
  /** What becomes of an operation: applied unless told. */
  judge: (envelope: OperationEnvelope) => { result: string; code?: string } = () => {
    return { result: "applied" };
  };
  before: Before = () => null;
  after: After = (_, answer) => answer;
  /** Photos whose pictures it can't give just now. */
  withheld = new Set<string>();

  readonly fetch: Fetch = async (path, init) => {
    this.requests.push(`${init.method} ${path.split("?")[0]}`);
    const cut = await this.before(path, init);
    if (cut) return cut;
    return this.after(path, await this.#answer(path, init));
  };

  count(what: string): number {
    return this.requests.filter((request) => request.includes(what)).length;
  }

  async #answer(path: string, init: RequestInit): Promise<Response> {
    if (this.userId === null) return problem(401, "unauthenticated");
    if (path === "/api/session") return json({ user: { id: this.userId } });
    if (path.endsWith("/sync/push")) return this.#push(JSON.parse(init.body as string) as PushBody);
    if (path.endsWith("/sync/missing")) {
      return this.#missing(JSON.parse(init.body as string) as MissingBody);
    }
    if (path.includes("/sync/pull")) {
      return this.#envelope({ ...firstPull(), full: path.includes("cursor=0") });
    }
    if (path.includes("/sync/pictures")) return this.#pictures(new URLSearchParams(path.split("?")[1]));
    if (path.includes("/photos?ids=")) return this.#several(path.split("ids=")[1]!.split(","), init);
    if (init.method === "PUT") return this.#photo(path.split("/").pop()!, init);
    return problem(404, "not_found");
  }

  async #push(body: PushBody): Promise<Response> {
    this.pushes.push(body);
    const results = [];
    for (const envelope of body.operations) {
      if ((await sha256Hex(envelope.payload)) !== envelope.hash) throw new Error("bad hash");
      results.push(this.#take(envelope));
    }
    return this.#envelope({ results });
  }

  #take(envelope: OperationEnvelope): object {
    const echo = { id: envelope.id, hash: envelope.hash };
    const known = this.operations.get(envelope.id);
    if (known) return { ...echo, result: "duplicate", code: known.code, detail: { result: known.result } };
    const { result, code = "" } = this.judge(envelope);
    if (result === "retry") return { ...echo, result, code };
    this.operations.set(envelope.id, { envelope, result, code });
    this.head++;
    return { ...echo, result, code };
  }

  #missing(body: MissingBody): Response {
    return this.#envelope({
      missing_photos: body.photos.map((p) => p.id).filter((id) => !this.photos.has(id)),
      missing_operations: body.operations.map((o) => o.id).filter((id) => !this.operations.has(id)),
    });
  }

  #pictures(asked: URLSearchParams): Response {
    const form = new FormData();
    for (const id of asked.get("photos")!.split(",")) {
      if (!this.withheld.has(id)) form.set(id, new Blob(["jpeg"], { type: "image/jpeg" }), `${id}.jpg`);
    }
    return new Response(form);
  }

  async #photo(id: string, init: RequestInit): Promise<Response> {
    const expected = this.#declared(id);
    if (!expected) return problem(409, "photo_not_expected");
    const taken = await this.#keep(expected, init.body as ArrayBuffer);
    return taken ? this.#envelope(taken) : problem(422, "digest_mismatch");
  }

  /** Keeps what comes whole before the first that is not as declared. */
  async #several(ids: string[], init: RequestInit): Promise<Response> {
    const photos = [];
    let at = 0;
    for (const id of ids) {
      const expected = this.#declared(id);
      if (!expected) return problem(409, "photo_not_expected");
      const taken = await this.#keep(expected, (init.body as ArrayBuffer).slice(at, (at += expected.bytes)));
      if (!taken) return problem(422, "digest_mismatch");
      photos.push(taken);
    }
    return this.#envelope({ photos });
  }

  #declared(id: string): DeclaredPhoto | undefined {
    return [...this.operations.values()]
      .filter((one) => one.envelope.kind !== "scan" && one.result === "applied")
      .flatMap((one) => (JSON.parse(one.envelope.payload) as { photos: DeclaredPhoto[] }).photos)
      .find((photo) => photo.id === id);
  }

  async #keep({ id, sha256, bytes }: DeclaredPhoto, buf: ArrayBuffer): Promise<object | null> {
    if ((await sha256Hex(buf)) !== sha256) return null;
    const result = this.photos.has(id) ? "duplicate" : "stored";
    this.photos.set(id, buf);
    this.head++;
    return { id, sha256, bytes, result };
  }

  #envelope(body: object): Response {
    const server_time = "2026-11-03T02:00:00Z";
    return json({ server_time, ...body, envelope: 1, epoch: this.epoch, head: this.head });
  }
}

export function json(body: unknown, status = 200, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { "Content-Type": "application/json", ...headers },
  });
}

export function problem(status: number, code: string, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify({ status, code }), {
    status,
    headers: { "Content-Type": "application/problem+json", ...headers },
  });
}
