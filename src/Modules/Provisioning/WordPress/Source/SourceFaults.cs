using System.Net.Sockets;
using System.Security.Authentication;
using CloneHub.Contracts;

namespace CloneHub.Provisioning.WordPress;

/// <summary>Everything that can be wrong with a source, in words for its owner.</summary>
internal static class SourceFaults
{
    /// <summary>Said alike before the first byte of an answer and after it: which of the two it was is a matter of moments.</summary>
    public const string Broken = "The connection broke.";

    private const string ManualWay = "Let the site's owner allow the log-in from here, or give an account and a password that work without it.";

    public static StepFaultException AddressRefused(string host) => Final("SOURCE_ADDRESS_REFUSED",
        $"{host} does not lead to a public address.", "Give the address under which the site is reached from the internet.");

    public static StepFaultException Unreachable(string why, Exception? inner = null) => Passing("SOURCE_UNREACHABLE",
        $"The source site cannot be reached: {why}", "Check the address and that the site answers; the step is tried again.", inner);

    /// <summary>After the last of several tries. What broke it keeps the name that it has.</summary>
    public static StepFaultException Unreachable(AnswerBrokenException last) =>
        last.InnerException is StepFaultException named ? named : Unreachable(last.Message, last);

    public static StepFaultException Tls(string why, Exception? inner) => Final("SOURCE_TLS",
        $"There is no secure connection to the source site: {why}", "Renew the certificate if it is that, or give the http address if the site serves it.", inner);

    public static StepFaultException HttpAuthentication() => Final("SOURCE_HTTP_AUTH",
        "The web server in front of the source site asks for a password of its own.", "Lift the directory protection while the site is cloned.");

    public static StepFaultException NotWordPress(Uri address) => Final("NOT_WORDPRESS",
        $"There is no WordPress at {address.GetLeftPart(UriPartial.Path)}.", "Give the address of the site's home page.");

    public static StepFaultException LogInHidden() => Final("LOGIN_HIDDEN",
        "The site is a WordPress, but its log-in page is hidden or moved.", "Let the site serve wp-login.php while it is cloned.");

    public static StepFaultException LogInFailed() => Final("LOGIN_FAILED",
        "The site refused user name and password.", "Check both. An application password works only where WordPress offers them: https, or a local environment.");

    /// <summary>The password was right a moment ago; another log-in of the same user at the same time can undo one.</summary>
    public static StepFaultException LogInLost() => Passing("LOGIN_LOST",
        "The site accepted the log-in and forgot it again.", "Try again; if it goes on, see whether a plugin ends sessions of the account.");

    public static StepFaultException SecondFactor() => Final("LOGIN_2FA", "The account asks for a second factor.",
        "Give an application password, which its owner makes at /wp-admin/authorize-application.php?app_name=CloneHub, or an administrator without second factor.");

    public static StepFaultException Captcha() => Final("LOGIN_CAPTCHA", "The log-in page asks for a captcha.", ManualWay);

    public static StepFaultException Locked() => Passing("LOGIN_LOCKED",
        "The site refuses log-ins for now, after too many of them.", "Wait until the lock is over, or lift it in the site's security plugin.");

    /// <summary>What a log-in page says no with; null if it lets in.</summary>
    public static StepFaultException? Of(LogInRefusal refusal) => refusal switch
    {
        LogInRefusal.Credentials => LogInFailed(),
        LogInRefusal.SecondFactor => SecondFactor(),
        LogInRefusal.Captcha => Captcha(),
        LogInRefusal.Locked => Locked(),
        _ => null,
    };

    public static StepFaultException Walled(string where, int status) => Final("WAF_BLOCKED",
        $"A firewall in front of the site answered {status} to {where}.", "Let the site's owner allow the log-in and the upload of a plugin from here.");

    /// <summary>Something on the site broke; a firewall would refuse instead.</summary>
    public static StepFaultException ServerFails(string where, int status) => Passing("SOURCE_SERVER_ERROR",
        $"The source site fails to answer {where}: {status}.", "See the site's PHP error log; its memory or time may not suffice.");

    public static StepFaultException Unusable(string where, int status) => status >= 500 ? ServerFails(where, status) : Walled(where, status);

    public static StepFaultException NotAdministrator() => Final("NOT_ADMIN",
        "The account may not install plugins.", "Give an administrator's account.");

    /// <summary>Nobody gave a log-in, and the connector is not there yet.</summary>
    public static StepFaultException ConnectorAwaited() => Final("CONNECTOR_AWAITED",
        "CloneHub has no log-in to the site.", "Install the connector of this job at the site and activate it.");

    public static StepFaultException FileChangesDisallowed() => Final("FILE_MODS_DISALLOWED",
        "The site allows no installation of plugins (DISALLOW_FILE_MODS).", "Remove that constant from wp-config.php while the site is cloned.");

    public static StepFaultException CredentialsNeeded() => Final("FS_CREDENTIALS_NEEDED",
        "The site installs plugins only with FTP or SSH credentials.", "Let PHP write to wp-content, or define FS_METHOD as 'direct' while the site is cloned.");

    /// <summary>Worth another try: an upload that a crash cut off may still be unpacking, and WordPress empties its work folder under it.</summary>
    public static StepFaultException PluginsReadOnly(string said) => Passing("PLUGINS_DIR_READONLY",
        $"The site could not unpack the plugin{(said.Length == 0 ? "." : $": {said}")}", "Let PHP write to wp-content/plugins and wp-content/upgrade.");

    public static StepFaultException ActivationFailed() => Final("ACTIVATION_FATAL",
        "The connector could not be activated on the site.", "See the site's PHP error log; another plugin may forbid new ones.");

    public static StepFaultException UpgradePending() => Final("DB_UPGRADE_PENDING",
        "WordPress wants to upgrade its database before anything else.", "Open wp-admin on the site and let it upgrade.");

    public static StepFaultException Multisite() => Final("MULTISITE_UNSUPPORTED",
        "The source is a network of sites (multisite).", "Only single sites can be cloned.");

    public static StepFaultException Layout(string problem) => Final("LAYOUT_UNSUPPORTED",
        $"The site's folders cannot be copied: {problem}.", "Give plugins, must-use plugins and uploads folders of their own.");

    public static StepFaultException PhpTooOld() => Final("PHP_TOO_OLD", "The site runs a PHP older than 7.4.", "Run it with PHP 7.4 or newer.");

    public static StepFaultException NoOpenSsl() => Final("NO_OPENSSL",
        "The site's PHP lacks the openssl or the mysqli extension.", "Switch both extensions on.");

    /// <summary>Worth another try: another plugin's change to the list of active ones may have undone the activation.</summary>
    public static StepFaultException ChannelBlocked(string why) => Passing("CHANNEL_BLOCKED",
        $"The connector is active but its answers do not get through: {why}", "A firewall or cache drops signed POST requests to the site; let them pass.");

    /// <summary>Of <see cref="Expired"/>.</summary>
    public const string ExpiredCode = "CHANNEL_EXPIRED";

    public static StepFaultException Expired() => Passing(ExpiredCode,
        "The connector's time on the site was up.", "The step is tried again with a new one.");

    public static StepFaultException Untrusted(string path) => Final("SOURCE_UNTRUSTED",
        $"The source names a path outside its own folders: {path}", "The connector on the site was tampered with; look for the cause there.");

    public static StepFaultException CellTooLarge(long megabytes) => Final("CELL_TOO_LARGE",
        $"A row of the source's database is larger than {megabytes} MB.", "Remove or shorten the value; such a row cannot be copied.");

    public static StepFaultException ConnectorFailed(string why, bool retryable) => new(new StepFault("CONNECTOR_FAILED",
        why, "See the site's PHP error log and the state of its database.", retryable));

    public static StepFaultException PasswordsNotSupported(string why) => Final("APP_PASSWORD_NOT_SUPPORTED",
        $"The site offers no application passwords. {why}.", "Serve the site by https and with WordPress 5.6 or newer, or use the account's own password.");

    public static StepFaultException PasswordsDisabled() => Final("APP_PASSWORD_DISABLED",
        "Application passwords are switched off on the site, or for this account.", "Switch them on, in most cases in the site's security plugin, or use the account's own password.");

    public static StepFaultException PasswordExists(string name) => Final("APP_PASSWORD_EXISTS",
        $"The account has an application password named '{name}' already.", "Choose another app_name, or revoke that password on the account's profile page.");

    public static StepFaultException PasswordForbidden() => Final("PERMISSION_DENIED",
        "The site does not let this account make application passwords.", "Log in with an administrator's account.");

    public static StepFaultException RestClosed(int status) => Final("REST_API_CLOSED",
        $"The site's REST API does not answer a logged-in user as it should ({status}).", "Let logged-in users reach the REST API, or make the password on the account's profile page.");

    /// <summary>The same fault, with what its reader has to remove from the site.</summary>
    public static StepFaultException Leaving(string rest, Exception trouble)
    {
        var fault = StepFaults.Of(trouble);
        return new StepFaultException(fault with { Hint = $"{fault.Hint} {rest}" }, trouble);
    }

    /// <summary>The same fault of the site that a restore brings content to.</summary>
    public static StepFaultException AtTarget(StepFaultException trouble)
    {
        var fault = trouble.Fault;
        return new StepFaultException(fault with { Message = OfTarget(fault.Message), Hint = OfTarget(fault.Hint) }, trouble);
    }

    private static string OfTarget(string text) => text
        .Replace("source site", "target site", StringComparison.Ordinal).Replace("The source ", "The target ", StringComparison.Ordinal)
        .Replace("the source's", "the target's", StringComparison.Ordinal).Replace("while the site is cloned", "while it is restored", StringComparison.Ordinal)
        .Replace("while it is cloned", "while it is restored", StringComparison.Ordinal).Replace("can be cloned", "can be restored", StringComparison.Ordinal);

    /// <summary>What a request threw, as a fault; other exceptions come back as they are.</summary>
    public static Exception From(Exception trouble)
    {
        for (var inner = trouble; inner is not null; inner = inner.InnerException)
        {
            switch (inner)
            {
                case StepFaultException:
                    return inner;
                case AuthenticationException:
                    return Tls(inner.Message, trouble);
                case SocketException { SocketErrorCode: SocketError.ConnectionReset }:
                    return Unreachable(Broken, trouble);
                case SocketException socket:
                    return Unreachable(socket.SocketErrorCode.ToString(), trouble);
            }
        }

        return trouble is HttpRequestException or IOException ? Unreachable(trouble.GetBaseException().Message, trouble) : trouble;
    }

    private static StepFaultException Final(string code, string message, string hint, Exception? inner = null) =>
        new(new StepFault(code, message, hint, Retryable: false), inner);

    private static StepFaultException Passing(string code, string message, string hint, Exception? inner = null) =>
        new(new StepFault(code, message, hint, Retryable: true), inner);
}
