using System.Globalization;
using System.Security.Cryptography;
using CloneHub.Dev.Processes;

namespace CloneHub.Dev.WordPress;

/// <summary>The configuration files of a source site.</summary>
internal static class SiteFiles
{
    public static readonly Account WebAccount = Account.OfService("www-data");

    private static readonly string[] Keys =
        ["AUTH_KEY", "SECURE_AUTH_KEY", "LOGGED_IN_KEY", "NONCE_KEY", "AUTH_SALT", "SECURE_AUTH_SALT", "LOGGED_IN_SALT", "NONCE_SALT"];

    // Without a network WordPress would wait for api.wordpress.org on nearly every admin page.
    private static readonly Dictionary<string, string> Offline = new()
    {
        ["WP_HTTP_BLOCK_EXTERNAL"] = "true",
        ["DISABLE_WP_CRON"] = "true",
        ["AUTOMATIC_UPDATER_DISABLED"] = "true",
    };

    public static string WordPress(SourceSiteOptions options, SiteDatabase database)
    {
        var defines = new Dictionary<string, string>(Offline)
        {
            ["DB_NAME"] = $"'{database.Name}'",
            ["DB_USER"] = $"'{database.Name}'",
            ["DB_PASSWORD"] = $"'{database.Password}'",
            ["DB_HOST"] = $"'localhost:{database.Socket}'",
            ["DB_CHARSET"] = "'utf8mb4'",
            ["DB_COLLATE"] = "''",
        };
        foreach (var key in Keys)
            defines[key] = $"'{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32))}'";
        foreach (var (name, literal) in options.Defines)
            defines[name] = literal;

        return $"""
            <?php
            {string.Join('\n', defines.Select(pair => $"define( '{pair.Key}', {pair.Value} );"))}
            $table_prefix = '{options.TablePrefix}';
            if ( ! defined( 'ABSPATH' ) ) {"{"}
                define( 'ABSPATH', __DIR__ . '/' );
            {"}"}
            require_once ABSPATH . 'wp-settings.php';

            """;
    }

    public static string PhpFpm(SourceSiteOptions options, string run, string socket)
    {
        var settings = new Dictionary<string, string>
        {
            ["memory_limit"] = "256M",
            ["upload_max_filesize"] = "64M",
            ["post_max_size"] = "64M",
            ["max_execution_time"] = "60",
            ["sendmail_path"] = "/bin/true",
        };
        foreach (var (name, value) in options.PhpSettings)
            settings[name] = value;
        var account = WebAccount.Name is { } name_ ? $"user = {name_}\ngroup = {name_}\nlisten.owner = {name_}\nlisten.group = {name_}" : "";

        return $"""
            [global]
            error_log = {run}/php-fpm-errors.log
            daemonize = no
            [site]
            {account}
            listen = {socket}
            listen.mode = 0600
            pm = ondemand
            pm.max_children = 4
            pm.process_idle_timeout = 60s
            catch_workers_output = yes
            {string.Join('\n', settings.Select(pair => $"php_admin_value[{pair.Key}] = {pair.Value}"))}

            """;
    }

    public static string Nginx(SourceSiteOptions options, string root, string run, string socket, int port)
    {
        var authentication = options.BasicAuthentication is null ? "" : $"auth_basic \"site\"; auth_basic_user_file {run}/htpasswd;";
        return Expand(
            """
            @ACCOUNT@
            worker_processes 1;
            daemon off;
            pid @RUN@/nginx-own.pid;
            error_log @RUN@/nginx-errors.log;
            events { worker_connections 256; }
            http {
                include /etc/nginx/mime.types;
                access_log @RUN@/access.log;
                client_body_temp_path @RUN@/temp/body;
                fastcgi_temp_path @RUN@/temp/fastcgi;
                proxy_temp_path @RUN@/temp/proxy;
                uwsgi_temp_path @RUN@/temp/uwsgi;
                scgi_temp_path @RUN@/temp/scgi;
                client_max_body_size 64m;
                sendfile on;
                server {
                    listen 127.0.0.1:@PORT@;
                    root @ROOT@;
                    index index.php;
                    @AUTHENTICATION@
                    location / { try_files $uri $uri/ /index.php?$args; }
                    location ~ \.php$ {
                        try_files $uri =404;
                        # Not Debian's fastcgi_params: that hands on the host without its port, which sends WordPress in circles.
                        fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
                        fastcgi_param SCRIPT_NAME $fastcgi_script_name;
                        fastcgi_param DOCUMENT_ROOT $document_root;
                        fastcgi_param DOCUMENT_URI $document_uri;
                        fastcgi_param QUERY_STRING $query_string;
                        fastcgi_param REQUEST_METHOD $request_method;
                        fastcgi_param REQUEST_URI $request_uri;
                        fastcgi_param REQUEST_SCHEME $scheme;
                        fastcgi_param CONTENT_TYPE $content_type;
                        fastcgi_param CONTENT_LENGTH $content_length;
                        fastcgi_param SERVER_PROTOCOL $server_protocol;
                        fastcgi_param SERVER_SOFTWARE nginx/$nginx_version;
                        fastcgi_param SERVER_NAME $host;
                        fastcgi_param SERVER_PORT $server_port;
                        fastcgi_param REMOTE_ADDR $remote_addr;
                        fastcgi_param GATEWAY_INTERFACE CGI/1.1;
                        fastcgi_param REDIRECT_STATUS 200;
                        fastcgi_read_timeout 120s;
                        fastcgi_pass unix:@SOCKET@;
                    }
                }
            }

            """,
            new()
            {
                ["ACCOUNT"] = WebAccount.Name is { } name ? $"user {name};" : "",
                ["RUN"] = run,
                ["ROOT"] = root,
                ["SOCKET"] = socket,
                ["PORT"] = port.ToString(CultureInfo.InvariantCulture),
                ["AUTHENTICATION"] = authentication,
            });
    }

    private static string Expand(string template, Dictionary<string, string> values) =>
        values.Aggregate(template, (text, pair) => text.Replace($"@{pair.Key}@", pair.Value, StringComparison.Ordinal));
}
