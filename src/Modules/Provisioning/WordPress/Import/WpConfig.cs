using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using CloneHub.Provisioning.WordPress.Rewriting;

namespace CloneHub.Provisioning.WordPress.Import;

/// <summary>The clone's wp-config.php: its own database, keys and address, and those settings of the source that fit here.</summary>
internal static partial class WpConfig
{
    private static readonly string[] Salts =
        ["AUTH_KEY", "SECURE_AUTH_KEY", "LOGGED_IN_KEY", "NONCE_KEY", "AUTH_SALT", "SECURE_AUTH_SALT", "LOGGED_IN_SALT", "NONCE_SALT"];

    internal static string Text(CloneTarget target, SourceFacts facts, CloneKeys keys, ContentRewriter rewriter, ImportWarnings warnings)
    {
        var lines = new StringBuilder("<?php\n// Written by CloneHub for this clone.\n");
        Define(lines, "DB_NAME", target.DatabaseName);
        Define(lines, "DB_USER", target.DatabaseUser);
        Define(lines, "DB_PASSWORD", keys.DatabasePassword.Reveal());
        Define(lines, "DB_HOST", target.DatabaseHostForPhp);
        Define(lines, "DB_CHARSET", Word().IsMatch(facts.DatabaseCharset) ? facts.DatabaseCharset : "utf8mb4");
        Define(lines, "DB_COLLATE", "");
        foreach (var name in Salts) Define(lines, name, Convert.ToBase64String(RandomNumberGenerator.GetBytes(48)));
        Define(lines, "WP_CACHE_KEY_SALT", target.Job.Value);
        lines.Append('\n');
        Define(lines, "WP_HOME", target.PublicAddress);
        Define(lines, "WP_SITEURL", target.PublicAddress);
        Define(lines, "WP_ENVIRONMENT_TYPE", "staging");
        Define(lines, "FS_METHOD", "direct");
        lines.Append("define( 'DISABLE_WP_CRON', true );\ndefine( 'AUTOMATIC_UPDATER_DISABLED', true );\n\n");
        Define(lines, "CLONEHUB_JOB_ID", target.Job.Value);
        Define(lines, "CLONEHUB_PUBLIC_KEY", keys.PublicKey);
        Define(lines, "CLONEHUB_SOURCE_URL", facts.HomeUrl);
        Define(lines, "CLONEHUB_SOURCE_ADDRESSES", JsonSerializer.Serialize(facts.Addresses, CallJson.Default.SourceAddresses));
        Define(lines, "CLONEHUB_STATE_DIR", target.State.FullName);
        lines.Append('\n');
        if (facts.UploadsPlace != SourceAddresses.UsualUploads) Define(lines, "UPLOADS", facts.UploadsPlace);
        AppendSourceDefines(lines, facts, rewriter, warnings);
        foreach (var name in facts.OtherDefines) NoteLeftOut(name, warnings);

        // The only way in is our own proxy, so its word for the scheme is good.
        lines.Append("\nif ( 'https' === ( $_SERVER['HTTP_X_FORWARDED_PROTO'] ?? '' ) ) {\n    $_SERVER['HTTPS'] = 'on';\n}\n\n");
        lines.Append("$table_prefix = ").Append(PhpLiteral.Of(Prefix(facts))).Append(";\n\n");
        lines.Append("if ( ! defined( 'ABSPATH' ) ) {\n    define( 'ABSPATH', __DIR__ . '/' );\n}\n\nrequire_once ABSPATH . 'wp-settings.php';\n");
        return lines.ToString();
    }

    /// <summary>Replaces the file in one move; it holds a password, so that only the web user may read it.</summary>
    internal static bool Exists(CloneTarget target) => File.Exists(PathOf(target));

    internal static void Delete(CloneTarget target) => File.Delete(PathOf(target));

    internal static void Write(CloneTarget target, string text)
    {
        var path = PathOf(target);
        var part = path + ".part";
        File.WriteAllText(part, text);
        NativeFile.SetMode(part, (UnixFileMode)0b110_100_000);
        if (target.Owner is { } owner) NativeFile.ChangeOwner(part, owner);
        File.Move(part, path, overwrite: true);
    }

    private static string PathOf(CloneTarget target) => Path.Combine(target.Root.FullName, "wp-config.php");

    internal static string Prefix(SourceFacts facts) =>
        Word().IsMatch(facts.TablePrefix) ? facts.TablePrefix : throw ImportFault.Refused("The source's table prefix is not one.");

    private static void NoteLeftOut(string name, ImportWarnings warnings)
    {
        if (!Expected().IsMatch(name)) warnings.Count("Settings of the source's wp-config.php were left out", name.Length > 100 ? name[..100] : name);
    }

    private static void AppendSourceDefines(StringBuilder lines, SourceFacts facts, ContentRewriter rewriter, ImportWarnings warnings)
    {
        foreach (var (name, literal) in facts.Defines.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            if (!Word().IsMatch(name) || !PhpLiteral.IsHarmless(literal) || Refused().IsMatch(name))
            {
                NoteLeftOut(name, warnings);
                continue;
            }

            var value = rewriter.Rewrite(Encoding.UTF8.GetBytes(literal)) is { } rewritten ? Encoding.UTF8.GetString(rewritten) : literal;
            lines.Append("defined( '").Append(name).Append("' ) || define( '").Append(name).Append("', ").Append(value).Append(" );\n");
        }
    }

    private static void Define(StringBuilder lines, string name, string value) =>
        lines.Append("define( '").Append(name).Append("', ").Append(PhpLiteral.Of(value)).Append(" );\n");

    [GeneratedRegex(@"\A[A-Za-z0-9_]+\z")]
    private static partial Regex Word();

    /// <summary>What ties a site to its server, its address or its cache.</summary>
    [GeneratedRegex(
        @"\A(?:DB_.*|MYSQL_.*|.*_KEY|.*_SALT|.*PASSWORD.*|.*SECRET.*|WP_HOME|WP_SITEURL|RELOCATE|ABSPATH|WP_CONTENT_.*|WP_PLUGIN_.*|WPMU_PLUGIN_.*|PLUGINDIR|MUPLUGINDIR|UPLOADS|MULTISITE|SUNRISE|.*_CURRENT_SITE|WP_LANG_DIR|WP_TEMP_DIR|.*COOKIE.*|WP_CACHE|WPCACHEHOME|WP_REDIS_.*|.*MEMCACHE.*|FS_.*|FTP_.*|WP_ENVIRONMENT_TYPE|DISABLE_WP_CRON|ALTERNATE_WP_CRON|AUTOMATIC_UPDATER_DISABLED|WP_AUTO_UPDATE_CORE|FORCE_SSL_.*|WP_PROXY_.*|WP_HTTP_BLOCK_EXTERNAL|WP_ACCESSIBLE_HOSTS|WP_DEBUG_LOG|WP_DEBUG_DISPLAY|ERRORLOGFILE|CLONEHUB_.*)\z")]
    private static partial Regex Refused();

    /// <summary>Every clone has its own of these, or its own place for what they lead to: no news to the caller.</summary>
    [GeneratedRegex(@"\A(?:DB_(?:NAME|USER|PASSWORD|HOST|CHARSET|COLLATE)|(?:(?:SECURE_)?AUTH|LOGGED_IN|NONCE|SECRET)_(?:KEY|SALT)|WP_CACHE_KEY_SALT|WP_HOME|WP_SITEURL|ABSPATH|FS_METHOD|WP_ENVIRONMENT_TYPE|DISABLE_WP_CRON|AUTOMATIC_UPDATER_DISABLED|(?:WP_CONTENT|WP_PLUGIN|WPMU_PLUGIN)_(?:DIR|URL)|PLUGINDIR|MUPLUGINDIR|UPLOADS)\z")]
    private static partial Regex Expected();
}
