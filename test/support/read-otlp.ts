import { PbfReader } from 'pbf';

/** A span as a collector is sent it. Ids are in hex. */
export interface SentSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for the first span of a trace. */
  readonly parentSpanId: string;
  /** In milliseconds since 1970. */
  readonly from: number;
  readonly to: number;
  readonly attributes: Attributes;
  /** Of its status, where that is an error. */
  readonly failure: string | undefined;
  /** What is said of who sent it. */
  readonly resource: Attributes;
}

type Attributes = Readonly<Record<string, string | number>>;

/**
 * Reads the spans of a request of OTLP, as protobuf.
 *
 * @see https://github.com/open-telemetry/opentelemetry-proto for the numbers of the fields
 */
export function readOtlp(body: Uint8Array): readonly SentSpan[] {
  return new PbfReader(body).readFields<SentSpan[]>((tag, spans, reader) => {
    if (tag === 1) spans.push(...readResourceSpans(reader));
  }, []);
}

function readResourceSpans(reader: PbfReader): readonly SentSpan[] {
  const of = { resource: {}, spans: [] as Omit<SentSpan, 'resource'>[] };
  reader.readMessage((tag) => {
    if (tag === 1)
      reader.readMessage((inner) => void (inner === 1 && Object.assign(of.resource, readPair(reader))), of);
    if (tag === 2) reader.readMessage((inner) => void (inner === 2 && of.spans.push(readSpan(reader))), of);
  }, of);
  return of.spans.map((span) => ({ ...span, resource: of.resource }));
}

function readSpan(reader: PbfReader): Omit<SentSpan, 'resource'> {
  const span = { name: '', traceId: '', spanId: '', parentSpanId: '', from: 0, to: 0, attributes: {} };
  const status = { isError: false, message: '' };
  reader.readMessage((tag) => {
    if (tag === 1) span.traceId = readHex(reader);
    else if (tag === 2) span.spanId = readHex(reader);
    else if (tag === 4) span.parentSpanId = readHex(reader);
    else if (tag === 5) span.name = reader.readString();
    else if (tag === 7) span.from = reader.readFixed64() / 1e6;
    else if (tag === 8) span.to = reader.readFixed64() / 1e6;
    else if (tag === 9) Object.assign(span.attributes, readPair(reader));
    else if (tag === 15) {
      reader.readMessage((inner) => {
        if (inner === 2) status.message = reader.readString();
        else if (inner === 3) status.isError = reader.readVarint() === 2;
      }, status);
    }
  }, span);
  return { ...span, failure: status.isError ? status.message : undefined };
}

function readPair(reader: PbfReader): Attributes {
  const pair: { key: string; value: string | number } = { key: '', value: '' };
  reader.readMessage((tag) => {
    if (tag === 1) pair.key = reader.readString();
    if (tag === 2) {
      reader.readMessage((kind) => {
        if (kind === 1) pair.value = reader.readString();
        else if (kind === 3) pair.value = reader.readVarint(true);
      }, pair);
    }
  }, pair);
  return { [pair.key]: pair.value };
}

function readHex(reader: PbfReader): string {
  return Buffer.from(reader.readBytes()).toString('hex');
}
