/** The versions of one generated chart, from its first on: what changes between two, and how often. */

import { Random } from "./random.ts";
import {
  CATEGORIES,
  DEPENDENCIES,
  KEYWORDS,
  OPENINGS,
  SENTENCES,
  SIDE_IMAGES,
} from "./vocabulary.ts";

const FIRST = Date.parse("2019-01-01T00:00:00Z");
/** From the first version to the newest. */
const SPAN_MS = 6.5 * 365 * 86_400_000;
/** Go's YAML breaks a plain scalar at the first space behind this column. */
const WIDTH = 80;

type Numbers = [major: number, minor: number, patch: number];

interface Image {
  name: string;
  version: Numbers;
  revision: number;
}

/**
 * A chart as it changes. Digest, date, URL, version and the chart's own image change with every
 * version, other images with most, `appVersion` with one in three, a dependency's version with one
 * in eight, texts and links with few. Bitnami's own index repeats itself more: in that of February
 * 2023 most neighbours differ in digest, date, URL, version and nothing else.
 */
export class ChartHistory {
  readonly #name: string;
  readonly #random: Random;
  readonly #gap: number;
  readonly #category: string;
  readonly #opening: string;
  /** Of two numbers, so that it is quoted: unquoted it would be one number. */
  readonly #shortAppVersion: boolean;
  readonly #isService: boolean;
  readonly #images: Image[];
  readonly #dependencies: { name: string; major: number }[];
  readonly #version: Numbers;
  readonly #appVersion: Numbers;
  #keywords: string[];
  #sentence: string;
  #branch = "master";
  #icons = "https://bitnami.com/assets/stacks";
  #maintainer = "Bitnami";
  #debian = 10;
  #created = FIRST;

  /**
   * `length`: how many versions the chart has until today. `seed`: charts of one name, in several
   * repositories, differ by it.
   */
  constructor(name: string, length: number, seed = name) {
    const random = new Random(seed);
    this.#name = name;
    this.#random = random;
    this.#gap = SPAN_MS / length;
    this.#category = random.pick(CATEGORIES);
    this.#opening = random.pick(OPENINGS);
    this.#sentence = random.pick(SENTENCES);
    this.#shortAppVersion = random.chance(0.1);
    this.#version = [random.below(3), random.below(10), random.below(10)];
    this.#appVersion = [1 + random.below(12), random.below(20), random.below(10)];
    this.#keywords = random.sample(KEYWORDS, few(random, 1, 5));
    this.#images = [name, ...random.sample(SIDE_IMAGES, few(random, 1, 4))].map((name) => ({
      name,
      version: [random.below(9), random.below(20), random.below(20)],
      revision: random.below(40),
    }));
    this.#dependencies = random.sample(DEPENDENCIES, few(random, 0, 2)).map((name) => ({
      name,
      major: 1 + random.below(15),
    }));
    this.#dependencies.push({ name: "common", major: 1 });
    this.#isService = random.chance(0.7);
  }

  /** Makes the next version, and gives it as it stands in an index. */
  next(): string {
    this.#change();
    return this.#write();
  }

  #change() {
    const random = this.#random;
    raise(this.#version, random, 0.05, 0.25);
    this.#created += this.#gap * (0.2 + 1.6 * random.fraction());
    const newApp = random.chance(0.35);
    if (newApp) raise(this.#appVersion, random, 0.03, 0.2);
    const [own, ...others] = this.#images;
    own!.version = this.#appVersion;
    own!.revision = newApp ? 0 : own!.revision + 1 + random.below(3);
    for (const image of others) {
      if (random.chance(0.1)) raise(image.version, random, 0.02, 0.3);
      if (random.chance(0.75)) image.revision += 1 + random.below(4);
    }
    for (const dependency of this.#dependencies) {
      if (random.chance(0.12)) dependency.major++;
    }
    if (random.chance(0.02)) this.#sentence = random.pick(SENTENCES);
    if (random.chance(0.02)) this.#keywords = random.sample(KEYWORDS, few(random, 1, 5));
    const age = (this.#created - FIRST) / SPAN_MS;
    this.#debian = age < 0.3 ? 10 : age < 0.7 ? 11 : 12;
    if (age > 0.5) this.#branch = "main";
    if (age > 0.8) this.#icons = "https://dyltqmyl993wv.cloudfront.net/assets/stacks";
    if (age > 0.6) this.#maintainer = "VMware, Inc.";
    if (age > 0.9) this.#maintainer = "Broadcom, Inc. All Rights Reserved.";
  }

  #write(): string {
    const name = this.#name, version = this.#version.join(".");
    return `\
  - annotations:
      category: ${this.#category}
      images: |
${this.#images.map((image) => this.#writeImage(image)).join("")}\
      licenses: Apache-2.0
      tanzuCategory: ${this.#isService ? "service" : "application"}
    apiVersion: v2
    appVersion: ${this.#writeAppVersion()}
    created: "${this.#writeCreated()}"
    dependencies:
${this.#dependencies.map(writeDependency).join("")}\
${this.#writeDescription()}\
    digest: ${this.#random.hex(8)}
    home: https://github.com/bitnami/charts/tree/${this.#branch}/bitnami/${name}
    icon: ${this.#icons}/${name}/img/${name}-stack-220x234.png
    keywords:
    - ${[name, ...this.#keywords].join("\n    - ")}
    maintainers:
    - name: ${this.#maintainer}
      url: https://github.com/bitnami/charts
    name: ${name}
    sources:
    - https://github.com/bitnami/containers/tree/${this.#branch}/bitnami/${name}
    urls:
    - https://charts.bitnami.com/bitnami/${name}-${version}.tgz
    version: ${version}
`;
  }

  #writeImage({ name, version, revision }: Image): string {
    const tag = `${version.join(".")}-debian-${this.#debian}-r${revision}`;
    return `        - name: ${name}\n          image: docker.io/bitnami/${name}:${tag}\n`;
  }

  #writeAppVersion(): string {
    const [major, minor] = this.#appVersion;
    return this.#shortAppVersion ? `"${major}.${minor}"` : this.#appVersion.join(".");
  }

  /** With nanoseconds, which Go writes without zeros at their end. */
  #writeCreated(): string {
    const nanoseconds = String(this.#random.below(1e9)).padStart(9, "0").replace(/0+$/, "");
    return `${new Date(this.#created).toISOString().slice(0, 19)}.${nanoseconds || "0"}Z`;
  }

  #writeDescription(): string {
    const title = this.#name.replace(/(^|-)(.)/g, (_, dash, letter) => {
      return (dash && " ") + letter.toUpperCase();
    });
    return fold(`    description: ${title} ${this.#opening}. ${this.#sentence}`, "      ");
  }
}

function writeDependency({ name, major }: { name: string; major: number }): string {
  const isCommon = name === "common";
  return (isCommon ? "    - name" : `    - condition: ${name}.enabled\n      name`) +
    `: ${name}\n` +
    "      repository: https://charts.bitnami.com/bitnami\n" +
    (isCommon ? "      tags:\n      - bitnami-common\n" : "") +
    `      version: ${major}.x.x\n`;
}

/** A whole number between two, both included, rather a small one. */
function few(random: Random, least: number, most: number): number {
  return least + Math.floor(random.fraction() ** 2 * (most - least + 1));
}

/** The next version: a major one, a minor one, or a patch. */
function raise(version: Numbers, random: Random, major: number, minor: number): void {
  const choice = random.fraction();
  if (choice < major) version.splice(0, 3, version[0] + 1, 0, 0);
  else if (choice < major + minor) version.splice(1, 2, version[1] + 1, 0);
  else version[2]++;
}

/** Breaks a line as Go's YAML does. */
function fold(line: string, indent: string): string {
  let text = "";
  for (;;) {
    const space = line.indexOf(" ", WIDTH + 1);
    if (space < 0) return `${text}${line}\n`;
    text += `${line.slice(0, space)}\n`;
    line = indent + line.slice(space + 1);
  }
}
