// Orders to the server: only who has the token and holds the lease is obeyed.

export class Orders {
  /** Kept for this tab, so that a reload still commands. */
  private lease: string | null = sessionStorage.getItem("steppe-lease");
  private readonly token: string | null;
  private readonly say: (text: string) => void;
  name: string;

  constructor(token: string | null, name: string, say: (text: string) => void) {
    this.token = token;
    this.name = name;
    this.say = say;
  }

  get mayCommand(): boolean {
    return this.token !== null;
  }

  get holds(): boolean {
    return this.lease !== null;
  }

  private async post(order: Record<string, unknown>): Promise<any> {
    const answer = await fetch("/api/command", {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${this.token ?? ""}` },
      body: JSON.stringify(order),
    });
    const body = await answer.json();
    if (!answer.ok) throw new Error(body.error ?? String(answer.status));
    return body;
  }

  private keep(lease: string | null): void {
    this.lease = lease;
    if (lease === null) sessionStorage.removeItem("steppe-lease");
    else sessionStorage.setItem("steppe-lease", lease);
  }

  async take(): Promise<boolean> {
    if (this.token === null) {
      this.say("You watch. To command, open the address with the token that 'steppe control' printed.");
      return false;
    }
    try {
      this.keep((await this.post({ action: "take", operator: this.name })).lease);
      return true;
    } catch (problem) {
      this.say((problem as Error).message);
      return false;
    }
  }

  async renew(): Promise<void> {
    if (this.lease === null) return;
    try {
      await this.post({ action: "renew", lease: this.lease });
    } catch {
      this.keep(null);
    }
  }

  async release(): Promise<void> {
    if (this.lease === null) return;
    const lease = this.lease;
    this.keep(null);
    try {
      await this.post({ action: "release", lease });
    } catch {
      // It has run out already
    }
  }

  async send(order: Record<string, unknown>): Promise<any | null> {
    if (this.lease === null && !(await this.take())) return null;
    try {
      return await this.post({ ...order, lease: this.lease });
    } catch (problem) {
      this.say((problem as Error).message);
      return null;
    }
  }
}
