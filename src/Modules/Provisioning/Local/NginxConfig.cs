namespace CloneHub.Provisioning.Local;

/// <summary>
/// The one configuration for all clones. Folder and socket follow from the host's job id, so that no clone ever needs a reload.
/// </summary>
internal static class NginxConfig
{
    public const string WhoPath = "/clonehub-nginx";
    public const string HashPlaceholder = "CONFIGURATION_HASH";

    /// <summary>Response header by which nginx says that an error is its own and not the clone's.</summary>
    public const string OwnErrorHeader = "X-CloneHub-Nginx-Error";

    public static string Of(LocalLayout layout) => $$"""
        {{(CloneAccount.IsRoot ? $"user {CloneAccount.WebUser};" : "")}}
        worker_processes 2;
        pid "{{layout.NginxPid}}";
        error_log "{{layout.NginxFolder}}/error.log" error;
        events { worker_connections 1024; }
        http {
            {{TypesOf}}
            default_type application/octet-stream;
            access_log off;
            server_tokens off;
            sendfile on;
            gzip off;
            absolute_redirect off;
            client_max_body_size 144m;
            client_body_buffer_size 256k;
            client_body_temp_path "{{layout.NginxFolder}}/body";
            fastcgi_temp_path "{{layout.NginxFolder}}/fastcgi";
            proxy_temp_path "{{layout.NginxFolder}}/proxy";
            scgi_temp_path "{{layout.NginxFolder}}/scgi";
            uwsgi_temp_path "{{layout.NginxFolder}}/uwsgi";
            # The front door is the only client and sets both headers; on a unix socket there is no peer address to fall back to.
            map $http_x_forwarded_for $client { default $http_x_forwarded_for; "" 127.0.0.1; }
            map $http_x_forwarded_proto $secure { default ""; https on; }
            map $http_x_forwarded_proto $port { default 80; https 443; }
            # Without the query, which may hold secrets. A name with a variable in it is opened for every line, so the file may be put aside;
            # and nothing is written for a clone whose folder is gone.
            map $request_uri $path { default "-"; "~^(?<bare>[^?]{0,500})" $bare; }
            log_format clone escape=json '$time_iso8601 $client "$request_method $path" $status $body_bytes_sent ${request_time}s';
            server {
                listen "unix:{{layout.NginxSocket}}" default_server;
                server_name _;
                location = {{WhoPath}} { default_type text/plain; return 200 "{{HashPlaceholder}}"; }
                location / { return 404; }
            }
            server {
                listen "unix:{{layout.NginxSocket}}";
                server_name "~^(?<job>job-(?<key>[a-z2-7]{26}))\.";
                root "{{layout.Clones}}/$job/www";
                access_log "{{layout.AccessLogs}}/$job.log" clone;
                index index.php index.html;
                error_page 502 = @gone;
                error_page 504 = @slow;
                location @gone { add_header {{OwnErrorHeader}} 502 always; return 502; }
                location @slow { add_header {{OwnErrorHeader}} 504 always; return 504; }
                location ~ /\.(?!well-known/) { return 404; }
                location ~* ^/(wp-config[^/]*|wp-content/debug\.log|.*\.(sql|bak|inc|orig))$ { return 404; }
                location ~* ^/wp-content/(uploads|cache|upgrade)/.*\.(php[0-9]?|phtml|phar)(/|$) { return 404; }
                location / { try_files $uri $uri/ /index.php?$args; }
                location ~ \.php(/|$) {
                    fastcgi_split_path_info ^(.+?\.php)(/.*)$;
                    set $path_info $fastcgi_path_info;
                    try_files $fastcgi_script_name /index.php?$args;
                    fastcgi_pass "unix:{{layout.SocketDirectory}}/$key.sock";
                    fastcgi_read_timeout 305s;
                    fastcgi_buffers 32 16k;
                    fastcgi_buffer_size 64k;
                    fastcgi_busy_buffers_size 128k;
                    {{Parameters}}
                }
            }
        }

        """;

    // A header whose name has an underscore would be the same CGI variable as one with a dash; nginx drops it by default.
    private const string Parameters = """
        fastcgi_param SCRIPT_FILENAME $realpath_root$fastcgi_script_name;
                    fastcgi_param SCRIPT_NAME $fastcgi_script_name;
                    fastcgi_param PATH_INFO $path_info;
                    fastcgi_param DOCUMENT_ROOT $realpath_root;
                    fastcgi_param DOCUMENT_URI $document_uri;
                    fastcgi_param REQUEST_URI $request_uri;
                    fastcgi_param QUERY_STRING $query_string;
                    fastcgi_param REQUEST_METHOD $request_method;
                    fastcgi_param CONTENT_TYPE $content_type;
                    fastcgi_param CONTENT_LENGTH $content_length;
                    fastcgi_param GATEWAY_INTERFACE CGI/1.1;
                    fastcgi_param SERVER_PROTOCOL $server_protocol;
                    fastcgi_param SERVER_SOFTWARE nginx;
                    fastcgi_param SERVER_NAME $host;
                    fastcgi_param SERVER_PORT $port;
                    fastcgi_param SERVER_ADDR 127.0.0.1;
                    fastcgi_param REMOTE_ADDR $client;
                    fastcgi_param REMOTE_PORT "";
                    fastcgi_param REQUEST_SCHEME $http_x_forwarded_proto;
                    fastcgi_param HTTPS $secure if_not_empty;
                    fastcgi_param REDIRECT_STATUS 200;
                    fastcgi_param HTTP_PROXY "";
        """;

    private const string TypesOf = """
        types {
                text/html html htm; text/css css; text/javascript js mjs; application/json json map; text/xml xml; text/plain txt; text/csv csv;
                application/rss+xml rss; application/atom+xml atom; application/manifest+json webmanifest; application/wasm wasm;
                image/png png; image/jpeg jpeg jpg jpe; image/gif gif; image/webp webp; image/avif avif; image/svg+xml svg svgz;
                image/x-icon ico; image/bmp bmp; image/tiff tif tiff; image/heic heic;
                font/woff woff; font/woff2 woff2; font/ttf ttf; font/otf otf; application/vnd.ms-fontobject eot;
                audio/mpeg mp3; audio/ogg ogg oga; audio/wav wav; audio/mp4 m4a; audio/flac flac;
                video/mp4 mp4 m4v; video/webm webm; video/ogg ogv; video/quicktime mov; video/x-msvideo avi; text/vtt vtt;
                application/pdf pdf; application/zip zip; application/gzip gz; application/x-7z-compressed 7z; application/rtf rtf;
                application/msword doc; application/vnd.ms-excel xls; application/vnd.ms-powerpoint ppt;
                application/vnd.openxmlformats-officedocument.wordprocessingml.document docx;
                application/vnd.openxmlformats-officedocument.spreadsheetml.sheet xlsx;
                application/vnd.openxmlformats-officedocument.presentationml.presentation pptx;
                application/vnd.oasis.opendocument.text odt; application/vnd.oasis.opendocument.spreadsheet ods;
            }
        """;
}
