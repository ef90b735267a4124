/** What a command has written so far. */
export class CommandOutput {
  #stdout = '';
  #stderr = '';
  #hasEnded = false;
  readonly #checks = new Set<() => void>();

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  addOutput(text: string): void {
    this.#stdout += text;
    this.#check();
  }

  addErrors(text: string): void {
    this.#stderr += text;
    this.#check();
  }

  /** Nothing more comes. */
  end(): void {
    this.#hasEnded = true;
    this.#check();
  }

  /** Waits until standard output matches; fails if the command ends before. */
  output(pattern: RegExp): Promise<RegExpExecArray> {
    return this.until(String(pattern), () => pattern.exec(this.#stdout));
  }

  /** Waits until standard error matches; fails if the command ends before. */
  errors(pattern: RegExp): Promise<RegExpExecArray> {
    return this.until(String(pattern), () => pattern.exec(this.#stderr));
  }

  /** Waits until something is found in what was written; fails if the command ends before. */
  until<T>(what: string, find: () => T | null | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      const check = (): void => {
        const found = find();
        if (found == null && !this.#hasEnded) return;
        this.#checks.delete(check);
        if (found != null) resolve(found);
        else reject(new Error(`The command ended before ${what}\n${this.#stdout}\n${this.#stderr}`));
      };
      this.#checks.add(check);
      check();
    });
  }

  #check(): void {
    for (const check of [...this.#checks]) check();
  }
}
