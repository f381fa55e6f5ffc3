// Calls operations as the generated Node SDKs of Alibaba Cloud do and prints what came of each, a line of JSON for a line:
// the one of the command line, or without it those that come in.
const [name, given] = process.argv.slice(2);
const api = require(name);
const types = api.$OpenApiUtil || api;
const runtime = new (name.endsWith("core") ? require("@darabonba/typescript") : require("@alicloud/tea-util")).RuntimeOptions({});

async function call(options) {
  const config = new types.Config({
    accessKeyId: options.key, accessKeySecret: options.secret, endpoint: options.endpoint, protocol: "http",
    ...(options.algorithm ? { signatureAlgorithm: options.algorithm } : {}),
  });
  const params = new types.Params({
    action: options.action, version: "2020-11-09", protocol: "HTTP", pathname: "/", method: options.method || "POST",
    authType: "AK", style: "RPC", reqBodyType: "formData", bodyType: "json",
  });
  const request = new types.OpenApiRequest({ query: options.query || {}, body: options.form });
  try {
    const answer = await new api.default(config).callApi(params, request, runtime);
    console.log(JSON.stringify({ status: answer.statusCode, body: answer.body }));
  } catch (error) {
    console.log(JSON.stringify({ status: error.statusCode || error.data?.statusCode, code: error.code, message: error.message }));
  }
}

async function main() {
  if (given) return call(JSON.parse(given));
  for await (const line of require("readline").createInterface({ input: process.stdin })) await call(JSON.parse(line));
}

main();
