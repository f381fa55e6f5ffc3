// Calls one operation as the generated Node SDKs of Alibaba Cloud do and prints what came of it, for test_node_client.py.
const [name, options] = [process.argv[2], JSON.parse(process.argv[3])];
const api = require(name);
const types = api.$OpenApiUtil || api;
const config = new types.Config({
  accessKeyId: options.key, accessKeySecret: options.secret, endpoint: options.endpoint, protocol: "http",
  ...(options.algorithm ? { signatureAlgorithm: options.algorithm } : {}),
});
const params = new types.Params({
  action: options.action, version: "2020-11-09", protocol: "HTTP", pathname: "/", method: options.method || "POST",
  authType: "AK", style: "RPC", reqBodyType: "formData", bodyType: "json",
});
const runtime = new (name.endsWith("core") ? require("@darabonba/typescript") : require("@alicloud/tea-util")).RuntimeOptions({});

new api.default(config)
  .callApi(params, new types.OpenApiRequest({ query: options.query || {}, body: options.form }), runtime)
  .then((answer) => console.log(JSON.stringify({ status: answer.statusCode, body: answer.body })))
  .catch((error) => console.log(JSON.stringify({ status: error.statusCode || error.data?.statusCode, code: error.code, message: error.message })));
