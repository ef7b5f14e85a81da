// CloudFront Function (runtime cloudfront-js-2.0) for the distribution of {{local_domain}}, as "viewer request" of the
// behaviour that serves /.well-known/* (or of the default one). It answers by itself, so neither the origin nor the
// cache can lose the query string, without which nobody is found.
function handler(event) {
    var request = event.request;
    var wanted = /^\/\.well-known\/(webfinger|host-meta(\.json)?|nodeinfo)$/;
    if (!wanted.test(request.uri)) {
        return request;
    }
    var pairs = [];
    Object.keys(request.querystring).forEach(function (name) {
        var entry = request.querystring[name];
        (entry.multiValue || [entry]).forEach(function (one) {
            pairs.push(one.value === '' ? name : name + '=' + one.value);
        });
    });
    var query = pairs.length > 0 ? '?' + pairs.join('&') : '';
    return {
        statusCode: 301,
        statusDescription: 'Moved Permanently',
        headers: {
            'location': { value: 'https://{{web_domain}}' + request.uri + query },
            'access-control-allow-origin': { value: '*' },
            'cache-control': { value: 'max-age=3600' }
        }
    };
}
