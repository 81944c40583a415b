using System.Globalization;
using Spectre.Console;

namespace CloneHub.Dev.Demo;

/// <summary>What the person at the keyboard sees: colours and a live bar on a terminal, plain lines elsewhere.</summary>
internal sealed class Screen : IProgress<string>
{
    private readonly IAnsiConsole _terminal = AnsiConsole.Console;

    private bool IsTerminal => _terminal.Profile.Capabilities.Interactive && !Console.IsOutputRedirected;

    public void Report(string value) => Line("", value);

    public void Success(string text) => Line("green", text);

    public void Trouble(string text) => Line("red", text);

    public void Credentials(CloneAnswer clone)
    {
        Line("bold", string.Create(CultureInfo.InvariantCulture, $"  clone     {clone.CloneUrl}"));
        Line("bold", $"  log in    {new Uri(clone.CloneUrl, "wp-admin/")}");
        Line("bold", $"  user      {clone.Username}");
        Line("bold", $"  password  {clone.Password}");
        if (clone.ExpiresAt is { } end)
            Line("bold", string.Create(CultureInfo.InvariantCulture, $"  until     {end:u}"));
    }

    /// <summary>Shows a job's way from 0 to 100.</summary>
    public async Task<JobAnswer> FollowAsync(Func<Action<JobAnswer>, Task<JobAnswer>> follow)
    {
        if (!IsTerminal)
            return await follow(job => Report(string.Create(CultureInfo.InvariantCulture, $"  {job.Progress,3} %  {job.Message}")));

        return await _terminal.Progress()
            .Columns(new SpinnerColumn(), new ProgressBarColumn(), new PercentageColumn(), new TaskDescriptionColumn { Alignment = Justify.Left })
            .StartAsync(async live =>
            {
                var task = live.AddTask("Accepted");
                return await follow(job =>
                {
                    task.Value = job.Progress;
                    task.Description = Markup.Escape(job.Message);
                });
            });
    }

    private void Line(string style, string text)
    {
        if (IsTerminal && style.Length > 0)
            _terminal.Write(new Text(text + Environment.NewLine, Style.Parse(style)));
        else
            Console.WriteLine(text);
    }
}
