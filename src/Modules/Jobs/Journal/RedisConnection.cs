using StackExchange.Redis;

namespace CloneHub.Jobs.Journal;

/// <summary>One way to connect, whoever connects.</summary>
internal static class RedisConnection
{
    /// <summary>
    /// A lost Redis is found again without a restart, and meanwhile every command fails at once: a queue of commands that wait for a
    /// reconnection would acknowledge nothing and hide that nothing is acknowledged.
    /// </summary>
    public static ConfigurationOptions Parse(string connectionString)
    {
        var options = ConfigurationOptions.Parse(connectionString);
        options.AbortOnConnectFail = false;
        options.BacklogPolicy = BacklogPolicy.FailFast;
        options.ReconnectRetryPolicy = new LinearRetry(500);

        // The client counts CONFIG GET and INFO among the administrator's commands; without this they are refused before they are sent.
        options.AllowAdmin = true;
        options.ClientName ??= "clonehub";
        return options;
    }

    public static async Task<IConnectionMultiplexer> ConnectAsync(string connectionString) =>
        await ConnectionMultiplexer.ConnectAsync(Parse(connectionString));
}
