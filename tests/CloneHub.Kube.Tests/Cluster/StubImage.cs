using System.Diagnostics;
using CloneHub.Dev.Kube;
using CloneHub.Provisioning.Agent;

namespace CloneHub.Kube.Tests.Cluster;

/// <summary>
/// An image that keeps the promises of a clone's image as far as the cluster sees them, without WordPress: nginx and a shell of this machine. It is made and
/// started in a second, so that tests of the back end wait for the back end only. What it serves passes for a copy of <see cref="StubSource"/>.
/// </summary>
internal static class StubImage
{
    public const string Name = "localhost/clonehub/stub:1";

    /// <summary>An image whose container ends at once.</summary>
    public const string CrashingName = "localhost/clonehub/crashing:1";

    private static readonly string[] Programs = ["/bin/dash", "/usr/sbin/nginx", "/bin/cat", "/bin/sleep"];

    private const string EntryPoint = """
        #!/bin/dash
        printf '%s\n' "worker_processes 1; pid /tmp/nginx.pid; error_log stderr warn; events { worker_connections 64; }
        http {
            access_log off; client_max_body_size 144m; default_type text/plain;
            map \$arg_rest_route \$items { default '[]'; /wp/v2/posts '[{\"id\":1,\"link\":\"http://\$http_host/\",\"date\":\"2026-01-01T00:00:00\",\"modified_gmt\":\"2026-01-01T00:00:00\",\"title\":{\"rendered\":\"Stub\"}}]'; }
            map \$arg_rest_route \$total { default 0; /wp/v2/posts 1; }
            map \$arg_rest_route \$home { default \$items; '' 'Stub, clone $CLONEHUB_JOB_ID'; }
            client_body_temp_path /tmp/b; proxy_temp_path /tmp/p; fastcgi_temp_path /tmp/f; uwsgi_temp_path /tmp/u; scgi_temp_path /tmp/s;
            server {
                listen 8080;
                location = /.clonehub/live { return 200; }
                location = /.clonehub/ready { return 200 \"$CLONEHUB_JOB_ID\"; }
                location = /wp-login.php { add_header Set-Cookie wordpress_logged_in_stub=1; return 302 /wp-admin/profile.php; }
                location = /wp-admin/profile.php { return 200 clonehub; }
                location / { add_header X-WP-Total \$total; return 200 \"\$home\"; }
            }
        }" >/tmp/nginx.conf
        exec /usr/sbin/nginx -e stderr -c /tmp/nginx.conf -g 'daemon off;'
        """;

    // Reads the announced document like the real one, and shows that the Secret is mounted.
    private const string Agent = """
        #!/bin/dash
        read -r length || exit 2
        read -r password </etc/clonehub/secrets/database-password || [ -n "$password" ] || { echo '{"kind":"failed","fault":{"code":"INTERNAL","message":"no secret","hint":"","retryable":true}}'; exit 1; }
        echo '{"kind":"alive"}'
        case $1 in
            import)
                echo "the password is $password" >&2
                echo '{"kind":"progress","fraction":0.5,"message":"Copying"}'
                echo '{"kind":"imported","content":{"tables":1,"rows":2,"files":3,"bytes":4},"warnings":["stub"]}' ;;
            activate) echo '{"kind":"activated","version":"1.0","username":"clonehub"}' ;;
            log) echo '{"kind":"log","log":{"lines":["stub"],"is_cut":false}}' ;;
            *) exit 64 ;;
        esac
        """;

    private const string Config = """
        {"User":"10001:10001","Entrypoint":["/entrypoint"],"Env":["PATH=/bin:/usr/bin:/usr/sbin:/usr/local/bin"],"ExposedPorts":{"8080/tcp":{}}}
        """;

    private const string Crashing = """
        {"User":"10001:10001","Entrypoint":["/bin/dash","-c","exit 3"],"Env":["PATH=/bin"]}
        """;

    /// <summary>Writes the archives and answers their paths.</summary>
    public static async Task<IReadOnlyList<string>> BuildAsync(DirectoryInfo folder)
    {
        var root = folder.CreateSubdirectory("rootfs");
        foreach (var place in (string[])["tmp", "var/www/html", "var/lib/clonehub", "var/log/nginx", "var/lib/nginx", "etc/clonehub/secrets"]) root.CreateSubdirectory(place);
        foreach (var program in Programs)
        {
            Copy(program, root);
            foreach (var library in await LibrariesOfAsync(program)) Copy(library, root);
        }

        await ScriptAsync(Path.Combine(root.FullName, "entrypoint"), EntryPoint);
        await ScriptAsync(root.FullName + CloneImage.Agent, Agent);
        return [await PackAsync(folder, "stub", Name, Config, root), await PackAsync(folder, "crashing", CrashingName, Crashing, root)];
    }

    private static async Task<string> PackAsync(DirectoryInfo folder, string file, string name, string config, DirectoryInfo root)
    {
        var settings = Path.Combine(folder.FullName, file + ".json");
        await File.WriteAllTextAsync(settings, config);
        var archive = Path.Combine(folder.FullName, file + ".tar");
        await RunAsync(Path.Combine(SingleNode.ToolFolder, "src", "mkimage"), archive, name, settings, root.FullName);
        return archive;
    }

    private static async Task<IEnumerable<string>> LibrariesOfAsync(string program) =>
        (await RunAsync("ldd", program)).Split('\n')
            .Select(line => line.Split(' ', '\t').FirstOrDefault(word => word.StartsWith('/')))
            .OfType<string>();

    private static void Copy(string file, DirectoryInfo root)
    {
        var target = root.FullName + file;
        if (File.Exists(target)) return;
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        File.Copy(File.ResolveLinkTarget(file, returnFinalTarget: true)?.FullName ?? file, target);
    }

    private static async Task ScriptAsync(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await File.WriteAllTextAsync(path, text + "\n");
        File.SetUnixFileMode(path, (UnixFileMode)0b111_101_101);
    }

    private static async Task<string> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{program} ended with {process.ExitCode}.");
    }
}
